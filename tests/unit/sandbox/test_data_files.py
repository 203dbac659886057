"""The attached files hold what the ground truth says, visible and hidden, and their bytes repeat."""

import base64
import hashlib
import io
from functools import cache

import pypdfium2
import pytest
from docx import Document

from connectors.sandbox.data import DEMO_CASE_ID, DEMO_FILES_CASE_ID, LONG_CASE_ID
from connectors.sandbox.data.files import Sheet, Trick, write
from connectors.sandbox.data.truth import FactKind, FileTruth
from tests.unit.sandbox.data_world import by_id, records, world

KINDS = ("txt", "html", "pdf", "docx")
PAGE_BREAK = 'w:type="page"'


def files(kind: str = "") -> dict[str, FileTruth]:
    """Version id -> truth of the readable files of one kind, or of all files."""
    return {
        key: item for key, item in world()[1].files.items() if not kind or (item.name.endswith(kind) and item.pages)
    }


@cache
def data_of(version_id: str) -> bytes:
    """The bytes of a file."""
    return base64.b64decode(str(by_id()[version_id][1]["VersionData"]), validate=True)


def flat(text: str) -> str:
    """Text without line breaks: a paragraph may be wrapped."""
    return " ".join(text.split())


def pdf_pages(data: bytes) -> list[str]:
    """The text layer of each page of a PDF, hidden text included."""
    return [flat(page.get_textpage().get_text_range()) for page in pypdfium2.PdfDocument(data)]


def docx_pages(data: bytes) -> list[str]:
    """The text between the page breaks of a Word document, hidden text included."""
    pages = [""]
    for paragraph in Document(io.BytesIO(data)).paragraphs:
        if PAGE_BREAK in paragraph._p.xml:
            pages.append("")
        pages[-1] += f"{paragraph.text}\n"
    return [flat(page) for page in pages]


def test_there_are_files_of_each_kind_and_every_trick() -> None:
    """Twelve files and more in northwind: clean ones, ones with hidden text by many tricks, two that cannot be read."""
    in_northwind = [item for item in files().values() if item.org == "northwind"]
    assert len(in_northwind) >= 12
    assert {item.name.rpartition(".")[2] for item in in_northwind} == {*KINDS, "png"}
    assert sum(not item.pages for item in in_northwind) == 2
    assert sum(bool(item.pages and not item.hidden) for item in in_northwind) >= 4
    assert len({text.disguise for item in files().values() for text in item.hidden}) >= 12
    assert {item.org for item in files().values()} == {"northwind", "globex"}


def test_the_demos_files_case_has_one_file_of_each_kind() -> None:
    """The known case has a txt, an html, a pdf and a docx; the demo's case and the long one have none."""
    names = [item.name for item in files().values() if item.case_id == DEMO_FILES_CASE_ID]
    assert sorted(name.rpartition(".")[2] for name in names) == sorted(KINDS)
    assert not {DEMO_CASE_ID, LONG_CASE_ID} & {item.case_id for item in files().values()}
    promises = [fact.due for item in files().values() for fact in item.facts if fact.kind is FactKind.PROMISE]
    assert promises == ["2026-11-27"]


def test_document_version_and_link_belong_together() -> None:
    """Each file has one document, versions with size and checksum of their bytes, and a link to its case."""
    links = {(row["ContentDocumentId"], row["LinkedEntityId"]) for row in records("ContentDocumentLink")}
    assert {row["Id"] for row in records("ContentVersion")} == set(files())
    for version_id, item in files().items():
        row, data = by_id()[version_id][1], data_of(version_id)
        assert row["ContentDocumentId"] == item.document_id
        assert row["ContentSize"] == len(data)
        assert row["Checksum"] == hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert row["PathOnClient"] == item.name
        newest = by_id()[item.document_id][1]["LatestPublishedVersionId"] == version_id
        assert newest is item.latest is row["IsLatest"]
        assert (item.document_id, item.case_id) in links


def test_a_replaced_version_says_something_else() -> None:
    """One document has two versions; what the older one says is no longer true."""
    (old,) = [item for item in files().values() if not item.latest]
    (new,) = [item for item in files().values() if item.latest and item.document_id == old.document_id]
    assert not {fact.text for fact in old.facts} & {fact.text for fact in new.facts}
    numbers = [row["VersionNumber"] for row in records("ContentVersion") if row["ContentDocumentId"] == old.document_id]
    assert numbers == ["1", "2"]


def test_files_that_came_by_mail_hang_on_the_mail_too() -> None:
    """The known case's files are linked to its first message, which says that it has attachments."""
    mails = {row["Id"]: row for row in records("EmailMessage") if row["ParentId"] == DEMO_FILES_CASE_ID}
    linked = [row["LinkedEntityId"] for row in records("ContentDocumentLink") if row["LinkedEntityId"] in mails]
    assert len(linked) == len(KINDS)
    assert len(set(linked)) == 1
    assert [row["Id"] for row in mails.values() if row["HasAttachment"]] == linked[:1]


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_pages_hold_their_text_their_facts_and_what_is_hidden(kind: str) -> None:
    """Each page of a paged file has the text that the truth shows there, its facts and its hidden text."""
    assert files(kind)
    for version_id, item in files(kind).items():
        pages = (pdf_pages if kind == "pdf" else docx_pages)(data_of(version_id))
        assert len(pages) == len(item.pages)
        for paragraphs, page in zip(item.pages, pages, strict=True):
            assert all(flat(paragraph) in page for paragraph in paragraphs.split("\n"))
        assert all(flat(fact.text) in pages[fact.page - 1] for fact in item.facts)
        assert all(fact.text in item.pages[fact.page - 1] for fact in item.facts)
        for text in item.hidden:
            assert text.disguise == "pdf_off_page" or text.text in pages[text.page - 1]
            assert text.text not in item.pages[text.page - 1]


def test_text_off_the_page_is_in_the_file() -> None:
    """PDFium leaves text beside the page out of its text layer; the file has it."""
    hidden = [
        (key, text) for key, item in files("pdf").items() for text in item.hidden if text.disguise == "pdf_off_page"
    ]
    assert hidden
    for version_id, text in hidden:
        document = pypdfium2.PdfDocument(data_of(version_id))
        page = document[text.page - 1]
        page.set_mediabox(-5000, 0, 600, 900)
        page.set_cropbox(-5000, 0, 600, 900)
        said = flat(page.get_textpage().get_text_range())
        assert text.text in said


@pytest.mark.parametrize("kind", ["txt", "html"])
def test_files_of_one_page_hold_everything_on_it(kind: str) -> None:
    """Plain and HTML files have one page with all visible text; zero-width text has its letters apart."""
    assert files(kind)
    for version_id, item in files(kind).items():
        text = data_of(version_id).decode()
        assert len(item.pages) == 1
        assert all(paragraph in text for paragraph in item.pages[0].split("\n"))
        for hidden in item.hidden:
            assert hidden.page == 1
            plain = text.translate(dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060)))
            assert hidden.text in plain


def test_the_cut_file_is_cut_and_the_picture_has_no_text() -> None:
    """Neither of the two can be read as text."""
    cut, picture = (key for key, item in files().items() if not item.pages)
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(data_of(cut))[0].get_textpage()
    assert data_of(picture).startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_sheet_gives_the_same_bytes(kind: str) -> None:
    """No date and no random id gets into a file."""
    sheet = Sheet("Title", [["One.", "Two."], ["Three."]])
    assert write(f"a.{kind}", sheet) == write(f"a.{kind}", sheet)


@pytest.mark.parametrize(("name", "disguise"), [("a.rtf", ""), ("a.pdf", "docx_vanish"), ("a.txt", "html_comment")])
def test_an_unknown_ending_or_trick_is_refused(name: str, disguise: str) -> None:
    """No file is written without what was to be in it."""
    tricks = [Trick(1, disguise, "x")] if disguise else []
    with pytest.raises(LookupError):
        write(name, Sheet("Title", [["One."]], tricks))


def test_feed_posts_hang_on_cases_and_name_people_where_the_truth_says() -> None:
    """Posts are plain or HTML, on live cases of both orgs, and their names are marked."""
    posts = records("FeedItem")
    assert len(posts) >= 20
    assert {row["IsRichText"] for row in posts} == {True, False}
    assert not {row["ParentId"] for row in posts} & ({DEMO_CASE_ID, LONG_CASE_ID} | world()[1].restricted)
    marked = [item for item in world()[1].planted if item.place.object == "FeedItem"]
    assert len(marked) >= 8
    for item in marked:
        body = str(by_id()[item.place.record_id][1]["Body"])
        assert body[item.place.start : item.place.end] == item.value
