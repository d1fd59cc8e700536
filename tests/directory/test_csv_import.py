"""Reading one file: what a line is, what its number is, what is wrong with it."""

import io
import os
from pathlib import Path

import pytest

from services.directory import csv_import

HEADER = b"external_id,name,email,status\n"


def read(content: bytes, layout: csv_import.Layout = csv_import.USERS) -> list[csv_import.Row]:
    return list(csv_import.Reader(io.BytesIO(content), layout))


def problems(content: bytes, layout: csv_import.Layout = csv_import.USERS) -> list[tuple[int, str]]:
    return [(row.line, problem) for row in read(content, layout) for problem in row.problems]


def test_a_good_line_becomes_its_values_with_its_line_number() -> None:
    assert read(HEADER + b"a,Ann,a@x,active\nb,Ben,,disabled\n") == [
        (2, ["a", "Ann", "a@x", "active"], []),
        (3, ["b", "Ben", "", "disabled"], []),
    ]


def test_columns_may_stand_in_any_order() -> None:
    assert read(b"status,name,email,external_id\nactive,Ann,a@x,a\n")[0].values == ["a", "Ann", "a@x", "active"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + HEADER + b"a,Ann,a@x,active\n", id="byte order mark"),
        pytest.param(HEADER.replace(b"\n", b"\r\n") + b"a,Ann,a@x,active\r\n", id="CRLF"),
        pytest.param(HEADER + b"a,Ann,a@x,active", id="no newline at the end"),
        pytest.param(HEADER + b"\n\na,Ann,a@x,active\n\n", id="empty lines"),
        pytest.param(HEADER + b'"a","Ann","a@x","active"\n', id="quotes"),
        pytest.param(b'\xef\xbb\xbf"external_id","name","email","status"\na,Ann,a@x,active\n', id="mark before quotes"),
        pytest.param(HEADER + "  a , Ann\u00a0,a@x ,active \n".encode(), id="blanks around values"),
    ],
)
def test_what_other_programs_write_is_read_as_meant(content: bytes) -> None:
    assert [row[1:] for row in read(content)] == [(["a", "Ann", "a@x", "active"], [])]


def test_quoted_commas_and_doubled_quotes_belong_to_the_value() -> None:
    rows = read(HEADER + b'a,"Ann ""Annie"" Smith, MD",,active\n')
    assert rows[0].values == ["a", 'Ann "Annie" Smith, MD', "", "active"]


def test_line_numbers_are_those_of_an_editor_also_after_quoted_line_breaks() -> None:
    content = HEADER + b'a,"Ann\nSmith\r\nMD",,active\n\nb,Ben,,gone\n'
    assert problems(content) == [
        (2, "name contains a line break"),
        (6, 'status "gone" is not one of active, pending, disabled'),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"a,Ann,a@x", "has 3 columns instead of 4"),
        (b"a,Ann,a@x,active,", "has 5 columns instead of 4"),
        (b",Ann,a@x,active", "external_id is empty"),
        (b"  ,Ann,a@x,active", "external_id is empty"),
        (b"a,,a@x,active", "name is empty"),
        (b"a,Ann,a@x,", "status is empty"),
        (b"a,Ann,a@x,Active", 'status "Active" is not one of active, pending, disabled'),
        (b"x" * 256 + b",Ann,,active", "external_id has 256 characters; the limit is 255"),
        (b"a," + "é".encode() * 201 + b",,active", "name has 201 characters; the limit is 200"),
        (b"a,Ann," + b"x" * 321 + b",active", "email has 321 characters; the limit is 320"),
        (b"a,A\x00nn,,active", "name contains the control character U+0000"),
        (b"a,Ann\t,,active", "name contains the control character U+0009"),
        (b"a,A\x7fnn,,active", "name contains the control character U+007F"),
        (b"a,A\xc2\x85nn,,active", "name contains the control character U+0085"),
        (b"a,A\xe2\x80\xaenn,,active", "name contains the control character U+202E"),
        (b"a,A\xe2\x80\xa8nn,,active", "name contains a line break"),
        (b'a,"A\rnn",,active', "name contains a line break"),
        ("a\u200bb,Ann,,active".encode(), "external_id contains the invisible character U+200B"),
        ("\ufeffa\u200e,Ann,,active".encode(), "external_id contains the invisible character U+FEFF, U+200E"),
        ("a\u00a0b,Ann,,active".encode(), "external_id contains the invisible character U+00A0"),
        ("a\u200db,Ann,,active".encode(), "external_id contains the invisible character U+200D"),
        ("a\u3164,Ann,,active".encode(), "external_id contains the invisible character U+3164"),
        ("a,Ann,a@x\u00ad.org,active".encode(), "email contains the invisible character U+00AD"),
        ("a,Ann,,act\u200bive".encode(), "status contains the invisible character U+200B"),
        ("a,\u200b\u2800,,active".encode(), "name has no visible character, only U+200B, U+2800"),
        (b"a,A\xe9nn,,active", "is not UTF-8: byte 0xE9 at position 4"),
        (b"a,A\xed\xa0\x80nn,,active", "is not UTF-8: byte 0xED at position 4"),
        (b"a,A\rnn,,active", "has a carriage return inside the line; lines end in LF or CRLF"),
        (
            b'a,"Ann" Smith,,active',
            'has text after a closing quote; a quote inside a quoted value is written twice ("")',
        ),
        (b"a," + b"x" * 5_000_000 + b",,active", "is longer than 65,536 bytes"),
    ],
    ids=lambda value: (
        value[:40].decode("latin-1").encode("unicode_escape").decode() if isinstance(value, bytes) else ""
    ),
)
def test_a_bad_line_is_named_and_the_lines_around_it_are_read(line: bytes, reason: str) -> None:
    content = HEADER + b"before,Bo,,active\n" + line + b"\nafter,Al,,active\n"
    assert problems(content) == [(3, reason)]
    rows = read(content)
    assert (rows[0].line, rows[-1].line) == (2, 4)
    assert rows[-1].values == ["after", "Al", "", "active"]


def test_values_at_their_limits_are_fine() -> None:
    line = ",".join(["é" * 255, "é" * 200, "é" * 320, "pending"])
    assert problems(HEADER + line.encode()) == []


def test_identifiers_and_names_are_brought_to_nfc_and_names_lose_what_is_invisible() -> None:
    line = "re\u0301ne\u0301,Re\u0301ne\u0301\u200e \u2066Zo\ufeffe\u2069,re\u0301@x,active\n"
    assert read(HEADER + line.encode())[0].values == ["réné", "Réné Zoe", "ré@x", "active"]


@pytest.mark.parametrize("name", ["می\u200cخواهم", "👩\u200d⚕\ufe0f", "क्\u200dष"], ids=ascii)
def test_joiners_that_shape_a_name_stay(name: str) -> None:
    assert read(HEADER + f"a,{name},,active\n".encode())[0].values == ["a", name, "", "active"]


def test_a_length_is_that_of_the_normal_form() -> None:
    assert problems(HEADER + ("e\u0301" * 255 + ",Ann,,active\n").encode()) == []
    assert problems(HEADER + ("e\u0301" * 256 + ",Ann,,active\n").encode()) == [
        (2, "external_id has 256 characters; the limit is 255")
    ]


def test_lines_of_separators_only_are_skipped() -> None:
    rows = read(HEADER + b",,,\na,Ann,,active\n , ,\t,\n,\n" + b"," * 100 + b"\n")
    assert rows == [(3, ["a", "Ann", "", "active"], [])]


def test_several_things_wrong_with_a_line_are_all_named() -> None:
    assert problems(HEADER + b",,a@x,no\n") == [
        (2, "external_id is empty"),
        (2, "name is empty"),
        (2, 'status "no" is not one of active, pending, disabled'),
    ]


def test_a_quote_that_never_ends_is_one_bad_line() -> None:
    assert problems(HEADER + b'a,"Ann,,active\nb,Ben,,active\n') == [(2, "has a quoted value that never ends")]


def test_a_quote_that_would_swallow_the_file_is_cut_off_and_reading_goes_on() -> None:
    content = HEADER + b'a,"Ann,,active\n' + b"b,Ben,,active\n" * 20_000 + b"z,,,active\n"
    found = problems(content)
    assert found[0] == (2, "has a quoted value that does not end within 131,072 characters")
    assert found[-1] == (20_003, "name is empty")
    assert len(found) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"u,platform,north,administrator", "scope must be empty where level is platform"),
        (b"u,organisation,,member", "scope is empty; it must be the external_id of the organisation"),
        (b"u,clinic, ,member", "scope is empty; it must be the external_id of the clinic"),
        (b"u,region,north,member", 'level "region" is not one of platform, organisation, clinic'),
        (b"u,clinic,n1,owner", 'role "owner" is not one of member, administrator'),
        (b",clinic,n1,member", "user is empty"),
    ],
)
def test_a_membership_needs_a_scope_that_goes_with_its_level(line: bytes, reason: str) -> None:
    assert problems(b"user,level,scope,role\n" + line + b"\n", csv_import.MEMBERSHIPS) == [(2, reason)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty; the header must be external_id,name"),
        (b"a,North\n", "the header must be external_id,name (in any order), not 'a,North'"),
        (
            b"external_id,name,extra\n",
            "the header must be external_id,name (in any order), not 'external_id,name,extra'",
        ),
        (
            b"external_id,external_id\n",
            "the header must be external_id,name (in any order), not 'external_id,external_id'",
        ),
        (b"external_id;name\n", "the header must be external_id,name (in any order), not 'external_id;name'"),
        (
            "external_id,name\n".encode("utf-16"),
            "is not UTF-8: byte 0xFF at position 1; the header must be external_id,name",
        ),
        (b'"external_id,name\n', "has a quoted value that never ends; the header must be external_id,name"),
    ],
)
def test_a_wrong_header_makes_the_whole_file_unreadable(content: bytes, reason: str) -> None:
    with pytest.raises(csv_import.BadFileError) as caught:
        read(content, csv_import.ORGANISATIONS)
    assert (caught.value.line, caught.value.reason) == (1, reason)


def test_a_missing_file_and_one_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    with pytest.raises(csv_import.BadFileError, match="the file is missing"):
        csv_import.open_file(tmp_path / "users.csv")
    with pytest.raises(csv_import.BadFileError, match="the file cannot be read: Is a directory"):
        csv_import.open_file(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "link to a device"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "users.csv"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(csv_import.BadFileError, match="it is a pipe, a socket or a device"):
        csv_import.open_file(path)


def test_a_link_to_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(HEADER)
    (tmp_path / "users.csv").symlink_to("real.csv")
    with csv_import.open_file(tmp_path / "users.csv") as file:
        assert file.read() == HEADER


def test_bytes_read_end_at_the_size_of_the_file() -> None:
    content = b"\xef\xbb\xbf" + HEADER + b"a," + b"x" * 100_000 + b",,active\nb,Ben,,active\n"
    reader = csv_import.Reader(io.BytesIO(content), csv_import.USERS)
    assert len(list(reader)) == 2
    assert reader.bytes_read == len(content)
