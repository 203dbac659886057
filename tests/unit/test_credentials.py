"""Secrets: by label in five languages, by login, by issuer; and sentences that only speak of them."""

import pytest

from sidecar.credentials import credentials

LABELLED = [
    "Password: {}", "The new password is {}.", "pwd={}", "Passwort: {}", "Das Kennwort lautet {}.", "Mot de passe : {}",
    "Votre mot de passe est {}.", "Contraseña: {}", "La contraseña es {}.", "パスワード\uff1a{}",
    "パスワードは{}です。",
    "API key: {}", "client_secret={}", "You can log in with {} today.",
]  # fmt: skip
TALK = [
    "I forgot my password.", "The password is wrong.", "Please reset the password today.", "Das Passwort ist falsch.",
    "Das Kennwort lautet anders als gedacht.", "Le mot de passe est incorrect.", "La contraseña es incorrecta.",
    "パスワードを忘れました。", "The key is stuck in the lock.", "Password: see order SO-48211",
    "The key is in the drawer.",
    "Log in with your account.", "The token expired on 2026-11-24.", "Schlüssel: siehe Handbuch",
]  # fmt: skip


@pytest.mark.parametrize("sentence", LABELLED)
@pytest.mark.parametrize("secret", ["Werk!70-q952", "hunter2#Xy9", "aB3$kLm9Qz"])
def test_what_a_label_introduces_is_a_secret(sentence: str, secret: str) -> None:
    """The value is covered whole, without the sentence around it."""
    text = sentence.format(secret)
    assert secret in {text[start:end] for start, end in credentials(text)}


@pytest.mark.parametrize("text", TALK)
def test_talk_of_passwords_is_no_secret(text: str) -> None:
    """Words that follow a label in a sentence are not its value."""
    assert not list(credentials(text))
