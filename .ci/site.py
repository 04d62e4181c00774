"""Hooks of the documentation site: pages made from other files, navigation, links to the source.

MkDocs calls the functions below by their names. Root documents (README, CONTRIBUTING, ...) become
pages, each room of the code gets a page of its reference, and a link that leaves `docs/` leads to
the repository.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
CODE = ("paraisite", "models", "app", "training")
ROOT_PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "reporting-vulnerabilities.md",
    "openapi.json": "openapi.json",
    **{
        f"models/ensembles/{folder.name}/README.md": f"ensembles/{folder.name}.md"
        for folder in sorted((ROOT / "models/ensembles").iterdir())
        if (folder / "README.md").is_file()
    },
}
# Pages in this order; what is in no section comes last, so that none is lost.
SECTIONS = {
    "Use": (
        "index",
        "api",
        "formats",
        "python",
        "ranking",
        "page",
        "screening",
        "screenings",
        "mcp",
    ),
    "Trust": ("accuracy", "reproduction", "data"),
    "Run": ("configuration", "operations", "performance", "scaling", "reliability", "security"),
    "Develop": ("contributing", "changelog", "reporting-vulnerabilities"),
}
FOLDERS = {
    "ensembles/": "Model cards",
    "reproduction/": "Reproduction in detail",
    "development/": "Experiments",
    "decisions/": "Decisions",
    "reference/": "Code",
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Return the files of `docs/` with the pages that are made here, and set the navigation."""
    pages = {new: (ROOT / old).read_text() for old, new in ROOT_PAGES.items()}
    for page, text in [*pages.items(), *reference()]:
        files.append(File.generated(config, page, content=text))
    config.nav = navigation({file.src_uri for file in files.documentation_pages()})
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page's text with its links as the site needs them."""
    made = {new: old for old, new in ROOT_PAGES.items()}
    source = made.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def moved(link: re.Match[str]) -> str:
        image, text, target, anchor = link.groups()
        if ":" in target:
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        site_path = ROOT_PAGES.get(path, path.removeprefix("docs/"))
        if files.get_file_from_path(site_path):
            here = posixpath.dirname(page.file.src_uri)
            return f"{image}[{text}]({posixpath.relpath(site_path, here or '.')}{anchor or ''})"
        if not (ROOT / path).exists():
            return link[0]
        return f"[{text}]({config.repo_url}/blob/main/{path})" if config.repo_url else text

    return LINK.sub(moved, markdown)


def reference() -> Iterator[tuple[str, str]]:
    """Yield a page for each folder of modules, with the module names in it."""
    for package in CODE:
        for folder in sorted({path.parent for path in (ROOT / package).rglob("*.py")}):
            room = folder.relative_to(ROOT)
            modules = sorted(name(path) for path in folder.glob("*.py"))
            blocks = [f"::: {module}" for module in modules]
            title = f"# `{'.'.join(room.parts)}`"
            yield f"reference/{'/'.join(room.parts)}.md", "\n\n".join([title, *blocks]) + "\n"


def name(path: Path) -> str:
    """Return a module's dotted name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def navigation(pages: set[str]) -> list[dict[str, list[str]]]:
    """Return the sections with the pages that exist."""
    named = {page.rpartition(".")[0]: page for page in pages}
    sections = {
        title: [named[name] for name in names if name in named] for title, names in SECTIONS.items()
    }
    for folder, title in FOLDERS.items():
        sections[title] = sorted(page for page in pages if page.startswith(folder))
    listed = {page for section in sections.values() for page in section}
    sections["More"] = sorted(pages - listed)
    return [{title: section} for title, section in sections.items() if section]
