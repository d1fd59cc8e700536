"""Files of any bytes: read to the end in bounded memory, each line taken as it stands or reported once with its reason; and an import
of them changes what the good ones say, or nothing at all and says why.
"""

import csv
import io
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.directory import csv_import, errors, report
from services.directory.actions import import_
from shared import text
from tests import examples
from tests.directory import files

LAYOUTS = st.sampled_from(csv_import.LAYOUTS)
PIECES = st.one_of(
    st.sampled_from(
        [
            b",",
            b'"',
            b'""',
            b"\n",
            b"\r\n",
            b"\r",
            b"\0",
            b"\x1f",
            b"\x85",
            b"\xc2\x85",
            b"\xe2\x80\xa8",
            b"\xff",
            b"\xed\xa0\x80",
            b"\xef\xbb\xbf",
            b"\\N",
            b"\\.",
            b"'",
            b";",
            b"\t",
            b" ",
            b"a",
            b"ada",
            b"n1",
            b"north",
            b"active",
            b"member",
            b"clinic",
            b"platform",
            "\u202e".encode(),
            "e\u0301".encode(),
            "😀".encode(),
            "\x00".encode("utf-16"),
        ]
    ),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=6),
    st.builds(
        lambda piece, times: piece * times,
        st.sampled_from([b"a", b",", b'"', b"\n", "é".encode()]),
        st.sampled_from([254, 256, 70_000]),
    ),
)
BYTES = st.lists(PIECES, max_size=30).map(b"".join)
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def read(data: bytes, layout: csv_import.Layout) -> list[csv_import.Row]:
    return list(csv_import.Reader(io.BytesIO(data), layout))  # type: ignore[arg-type]


def header(layout: csv_import.Layout) -> bytes:
    return ",".join(column.name for column in layout.columns).encode() + b"\n"


@examples.settings(120)
@given(layout=LAYOUTS, data=BYTES, has_header=st.booleans())
def test_every_line_is_taken_as_it_stands_or_reported(layout: csv_import.Layout, data: bytes, has_header: bool) -> None:
    whole = header(layout) + data if has_header else data
    bad, rows = None, []
    try:
        rows = read(whole, layout)
    except csv_import.BadFileError as error:
        bad = error
    if bad is not None:
        assert not has_header, bad.reason
        assert bad.line == 1
        assert 0 < len(bad.reason) < 1_000
    assert all(1 < row.line <= whole.count(b"\n") + 2 for row in rows)
    for row in rows:
        assert row.values is not None or row.problems
        assert all(problem and "\n" not in problem and len(problem) < 500 for problem in row.problems)
        if row.problems:
            continue
        for column, value in zip(layout.columns, row.values or [], strict=True):
            assert value == value.strip()
            assert not CONTROL.search(value)
            assert not any(unicodedata.category(character) == "Cs" for character in value)
            assert value or not column.required
            assert len(value) <= column.max_length
            assert not column.choices or value in column.choices


VALUES = (
    st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=40)
    .map(lambda value: unicodedata.normalize("NFC", value))
    .filter(lambda value: value.strip() and not text.find_invisible(value))
)


@examples.settings(60)
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=8),
    has_mark=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    is_quoted=st.booleans(),
    is_turned=st.booleans(),
    has_last_end=st.booleans(),
)
def test_what_a_csv_writer_writes_is_read_back(
    rows: list[tuple[str, str]], has_mark: bool, line_end: str, is_quoted: bool, is_turned: bool, has_last_end: bool
) -> None:
    """Byte order mark or not, LF or CRLF, everything quoted or not, columns in any order, the last line ended or not."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator=line_end, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL)
    for row in [("external_id", "name"), *rows]:
        writer.writerow(row[::-1] if is_turned else row)
    data = written.getvalue().encode("utf-8-sig" if has_mark else "utf-8")
    if not has_last_end:
        data = data.removesuffix(line_end.encode())
    found = read(data, csv_import.ORGANISATIONS)
    assert [row.problems for row in found] == [[] for _ in rows]
    assert [tuple(row.values or ()) for row in found] == [(key.strip(), name.strip()) for key, name in rows]


@pytest.mark.parametrize(
    ("data", "about"),
    [
        (b"a" * 200_000, "longer than 65,536 bytes"),
        (b'"' + b"a" * 200_000, "longer than 65,536 bytes"),
        (b'"a\n' + b"b\n" * 70_000, "does not end"),
        (b'"a', "never ends"),
        (b'"a"b,c\n', "after a closing quote"),
        (b"a,b\rc,d\r", "carriage return"),
        (b"a,b" + b"," * 60_000, "60002 columns"),
        (b"a\n", "1 columns"),
        (b"a,\0\n", "U+0000"),
        (b"a,\xff\n", "0xFF"),
        (b"a,\xed\xa0\x80\n", "0xED"),
        ("a,b\n".encode("utf-16"), "not UTF-8"),
        (b"a," + b"x" * 201 + b"\n", "201 characters"),
        (b"x" + b"," * 100 + b"\n", "101 columns"),
        (b",x\n", "external_id is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_classics_are_reported_with_their_line(data: bytes, about: str) -> None:
    (first, *_rest) = read(header(csv_import.ORGANISATIONS) + data, csv_import.ORGANISATIONS)
    assert first.line == 2
    assert about in first.problems[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\xef\xbb\xbf",
        b"external_id\n",
        b"external_id,external_id\n",
        b"external_id,name,name\n",
        b"External_ID,Name\n",
        b"external_id;name\n",
        "external_id,name\n".encode("utf-16"),
        b'"external_id,name\n',
        b"external_id,name\rnorth,North\r",
        b"\0",
        b"x" * 100_000,
        b"[" * 30_000,
        b"external_id,n\xffme\n",
    ],
    ids=lambda data: repr(data[:20])[2:-1],
)
def test_a_header_that_is_another_is_reported_as_such(data: bytes) -> None:
    with pytest.raises(csv_import.BadFileError, match="header must be external_id,name") as caught:
        read(data, csv_import.ORGANISATIONS)
    assert len(caught.value.reason) < 1_000


@examples.settings(25)
@given(
    file=st.sampled_from([layout.file for layout in csv_import.LAYOUTS]),
    at=st.floats(0, 1),
    removed=st.integers(0, 10),
    data=BYTES,
)
def test_an_import_of_spoilt_files_is_whole_or_nothing(
    engine: Engine, tmp_path: Path, file: str, at: float, removed: int, data: bytes
) -> None:
    folder = files.small().write(tmp_path / "files")
    good = (folder / file).read_bytes()
    place = int(at * len(good))
    (folder / file).write_bytes(good[:place] + data + good[place + removed :])
    with engine.connect() as connection:
        before = files.read_everything(connection)
    try:
        import_.import_directory(engine, platform_key="acme", folder=folder, options=report.Options(100, True))
    except errors.DirectoryError:
        with engine.connect() as connection:
            after = files.read_everything(connection)
        assert after == before, "a refusal changes nothing"
        return
    assert import_.import_directory(
        engine, platform_key="acme", folder=folder, options=report.Options(0, True)
    ).is_empty, "the same files say the same"
