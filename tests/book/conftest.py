"""What the tests of the extensions share: a small site, built in this process."""

import io

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


@pytest.fixture
def build_site():
    """``build_site(source, out, settings)`` builds pages into ``out`` and returns what Sphinx complained of.

    Sphinx registers its nodes for the whole process; without a namespace of its own the second site of a process
    is told that they are already there.
    """

    def build(source, out, settings):
        said = io.StringIO()
        with docutils_namespace():
            app = Sphinx(source, None, out, out / "_doctrees", "html", settings, status=None, warning=said)
            app.build()
        return said.getvalue()

    return build
