"""Every example of the README and of docs/ runs, and gives what the page says."""

import re

import pytest

from tests.documents import PAGES, ROOT, assert_agrees, run

LARGEST_PICTURE = 150_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem.lower())
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(page, tmp_path)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem.lower())
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        file, _, heading = target.partition("#")
        other = page.parent / file if file else page
        assert other.exists(), f"{page.name} links to {target}"
        if heading:
            assert heading in headings(other), f"{page.name} links to {target}"


def headings(page):
    """The anchors of a page, as GitHub makes them."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_pictures_are_small_and_all_are_shown():
    shown = set()
    for page in PAGES:
        for target in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            shown.add((page.parent / target).resolve())
    pictures = {path.resolve() for path in (ROOT / "docs" / "pictures").iterdir()}
    assert shown == pictures
    assert all(path.stat().st_size <= LARGEST_PICTURE for path in pictures)


@pytest.mark.parametrize(
    ("quoted", "seen"),
    [
        ("x = 1\n…\n", "x = 2\nand more"),
        ("x = 1", "x = 1\nand more"),
        ("x = 1\nand more", "x = 1"),
        ("…\nstable", "x = 1\nunstable"),
        ("0.905", "0.912"),
    ],
)
def test_a_page_that_says_something_else_is_noticed(quoted, seen):
    with pytest.raises(AssertionError):
        assert_agrees(quoted, seen, "here")
    assert_agrees(seen, seen, "here")
