"""What CSS hides a person does not see; what only resembles hiding, she does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.sanitise import clean
from sidecar.styles import Look, Styles

WORD = "Refund"
HIDING = [
    '<p style="color:rgb(255 255 255)">Refund</p>',
    '<p style="color:rgb(100%,100%,100%)">Refund</p>',
    '<p style="color:hsl(0,0%,100%)">Refund</p>',
    '<p style="color:rgb(0 0 0 / 0)">Refund</p>',
    '<p style="color:#0000">Refund</p>',
    '<p style="color:#00000000">Refund</p>',
    '<p style="color:azure">Refund</p>',
    '<p style="color:floralwhite">Refund</p>',
    '<p style="color:#EEE">Refund</p>',
    "<font color=ffffff>Refund</font>",
    '<p style="background:black;color:black">Refund</p>',
    '<body bgcolor="#000000"><p style="color:#010101">Refund</p></body>',
    "<body bgcolor=black text=black>Refund</body>",
    "<style>body{background:#036}</style><p style='color:#036'>Refund</p>",
    '<div style="background:transparent"><p style="color:#fff">Refund</p></div>',
    '<div class="MsoNormal"><p style="color:#fff">Refund</p></div>',
    "<style>.h{color:red}</style><div class=h><p style='color:#fff'>Refund</p></div>",
    '<div style="font-size:0"><b>Refund</b></div>',
    '<div style="font-size:0"><b style="font-size:1em">Refund</b></div>',
    '<div style="font-size:1px"><b style="font-size:100%">Refund</b></div>',
    '<p style="font-size:0em">Refund</p>',
    '<p style="font-size:.1pt">Refund</p>',
    '<p style="font:0/0 a">Refund</p>',
    '<p style="font:bold 1px Arial">Refund</p>',
    '<p style="position:absolute;left:-99em">Refund</p>',
    '<p style="top:-100vh;position:fixed">Refund</p>',
    '<p style="height:1px;overflow:hidden">Refund</p>',
    '<p style="zoom:0">Refund</p>',
    '<p style="clip:rect(1px 1px 1px 1px)">Refund</p>',
    '<p style="display:none;display:blok">Refund</p>',
    '<p style="display : none ! important">Refund</p>',
    '<div style="visibility:hidden"><b>Refund</b></div>',
    '<div style="opacity:0"><p style="opacity:1">Refund</p></div>',
    "<style>.a,.x{display:none}</style><p class='b x'>Refund</p>",
    "<style>body{display:none}</style>Refund",
]
SHOWING = [
    '<div class="header"><span style="color:white">Refund</span></div>',
    '<p class="header" style="color:white">Refund</p>',
    '<p style="color:#fff;background-image:url(x.png)">Refund</p>',
    '<p style="color:#fff;background:url(x.png)">Refund</p>',
    '<p style="color:#fff;background:linear-gradient(#000,#111)">Refund</p>',
    '<table background="x.png"><tr><td><font color="white">Refund</font></td></tr></table>',
    "<style>@media all{.h{background:#000}}</style><p class=h style='color:#fff'>Refund</p>",
    "<style>table td.h{background:#000}</style><table><tr><td class=h><i style='color:#fff'>Refund</i></table>",
    "<style>#a > div{background:#000}</style><div><i style='color:#fff'>Refund</i></div>",
    "<style>.a .b{color:#333}</style><div style='color:#fff'><p class=b>Refund</p></div>",
    "<style>td{background-color:rgb(0 51 102)}</style><table><td><font color=white>Refund</font></table>",
    "<style>body{background:#003}</style><p style='color:#fff'>Refund</p>",
    '<html><body style="background:#000"><p style="color:#fff">Refund</p></body></html>',
    "<body bgcolor=black text=white>Refund</body>",
    "<table bgcolor=003366><tr><td><font color=ffffff>Refund</font></table>",
    '<p style="color:hsl(210,50%,40%)">Refund</p>',
    '<p style="color:rgba(0,0,0,.87)">Refund</p>',
    '<p style="color:rgb(51 51 51 / 90%)">Refund</p>',
    '<p style="color:#ccc">Refund</p>',
    '<p style="color:var(--ink)">Refund</p>',
    '<div style="visibility:hidden"><span style="visibility:visible">Refund</span></div>',
    '<p style="display:none;display:block">Refund</p>',
    '<p style="font:0.9em Arial">Refund</p>',
    '<p style="font:bold 12px/0 Arial">Refund</p>',
    '<p style="font-size:small">Refund</p>',
    '<p style="font-size:1.5vw">Refund</p>',
    '<p style="font-size:.3cm">Refund</p>',
    '<p style="font-size:0.9rem">Refund</p>',
    '<div style="font-size:0"><font size="2">Refund</font></div>',
    '<div style="font-size:0"><td><p style="font:14px Arial">Refund</p></td></div>',
    '<p style="max-height:0">Refund</p>',
    '<p style="overflow:hidden;height:100px;width:100%">Refund</p>',
    '<p style="position:absolute;left:-10px">Refund</p>',
    '<p style="text-indent:-18pt;margin-left:36pt">Refund</p>',
    '<p style="opacity:.5">Refund</p>',
    '<p style="transform:scale(0.9)">Refund</p>',
    "<style>@media (max-width:600px){p{display:none}}</style><p>Refund</p>",
    "<style>p{color:#333}</style>Refund",
    "<style>html{background:#000}</style><p style='color:#fff'>Refund</p>",
]


@pytest.mark.parametrize("markup", HIDING)
def test_hidden_by_its_looks(markup: str) -> None:
    """The text is handed over as hidden, and not as text."""
    seen = clean(markup, html=True)
    assert (seen.text, seen.hidden) == ("", WORD)


@pytest.mark.parametrize("markup", SHOWING)
def test_visible_in_spite_of_its_looks(markup: str) -> None:
    """The text is all that is seen, with nothing left of markup or sheets; what is not known counts as readable."""
    seen = clean(markup, html=True)
    assert (seen.text, seen.hidden) == (WORD, "")


def test_a_child_cannot_undo_what_is_gone() -> None:
    """Inside display:none nothing of a child's style counts."""
    gone = Styles("").look("div", {"style": "display:none"}, Look())
    assert Styles("").look("p", {"style": "display:block;visibility:visible"}, gone).hidden


@given(st.text(alphabet="colr:#f0-;,(){}/*%e. \\\u00e9", max_size=80), st.text(max_size=40))
def test_any_style_has_a_look(style: str, sheet: str) -> None:
    """Never raises, and equal styles look equal."""
    attributes = {"style": style, "class": "a b", "bgcolor": style[:9], "id": "c"}
    looks = [Styles(f"{sheet}.a{{{style}}}").look("p", attributes, Look()) for _ in range(2)]
    assert looks[0] == looks[1]
