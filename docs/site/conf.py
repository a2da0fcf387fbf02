"""The site of the documentation: `make docs` builds it with Sphinx from the Markdown pages, which stay as they are."""

import re
from pathlib import Path

from pygments.lexers.special import TextLexer

CHECKOUT = Path(__file__).parents[2]

project = "Eos"
extensions = ["myst_parser"]
# The README is the front page.
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "pillar-examples/*.md"]
suppress_warnings = ["misc.highlighting_failure"]
# Headings get the same anchors as in other viewers of Markdown, down to this level.
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Eos"
html_show_copyright = False
html_copy_source = False


def setup(app):
    # No diagram needs a script from another host: its text is shown.
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", pages_of_folders)
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_index)


def pages_of_folders(app, page, text):
    """A link to a folder of the checkout leads to its README. Without one, only the words of the link stay."""
    folder = Path(app.env.doc2path(page)).parent

    def followed(link):
        whole, words, target = link[0], link[1], link[2]
        if not (folder / target).is_dir():
            return whole
        return (
            f"[{words}]({target}/README.md)" if (folder / target / "README.md").is_file() else words
        )

    text[0] = re.sub(r"\[([^\]\n]+)\]\(([\w./-]+)\)", followed, text[0])


def add_contents(_app, page, text):
    """Gives the front page the table of contents, in the order of docs/README.md."""
    if page != root_doc:
        return
    listed = (CHECKOUT / "docs" / "README.md").read_text()
    for caption, folder in ("Guides", "guides"), ("Reference", "reference"):
        pages = dict.fromkeys(re.findall(rf"\(({folder}/[\w-]+)\.md", listed))
        text[0] += contents(caption, [f"docs/{one}" for one in pages])
    text[0] += contents(
        "Project",
        [
            "docs/README",
            "pillar-examples/README",
            "ARCHITECTURE",
            "CONTRIBUTING",
            "CHANGELOG",
        ],
    )


def contents(caption, pages):
    return "\n".join(
        ["", "```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""]
    )


def add_index(app, failure):
    """Browsers and web servers open index.html."""
    if failure is None and app.builder.format == "html":
        target = f'<meta http-equiv="refresh" content="0; url={root_doc}.html">'
        (Path(app.outdir) / "index.html").write_text(f"<!doctype html>{target}\n")
