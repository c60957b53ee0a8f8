"""The room kept for a formula: monotone, additive, and put where the formula will stand."""

import pytest
import room


@pytest.mark.parametrize(
    ("source", "drawn"),
    # widths in em as MathJax drew them beside the book's text face
    [
        ("c", 0.49),
        ("-1", 1.45),
        ("h''(v,v)", 3.67),
        ("m(t) = m^\\star + e^{-t}(m(0) - m^\\star)", 14.38),
        ("g^\\top\\Delta - \\nu(\\tfrac12\\Delta^\\top F\\Delta - c)", 11.28),
        (
            "\\Gamma^k_{ij} = \\tfrac12\\sum_l (F^{-1})_{kl}(\\partial_i F_{lj} + \\partial_j F_{li} - \\partial_l F_{ij})",
            19.91,
        ),
    ],
)
def test_the_width_is_that_of_the_drawn_formula_to_an_eighth_or_a_letter(source, drawn):
    assert room.width(source) == pytest.approx(drawn, rel=0.125, abs=0.7)


@pytest.mark.parametrize(
    ("less", "more"), [("x", "x^2"), ("x_i", "x_{ij}"), ("a", "a = b"), ("\\sqrt a", "\\sqrt{ab}")]
)
def test_more_signs_take_more_room(less, more):
    assert room.width(less) < room.width(more)


def test_an_index_and_a_power_stand_above_each_other():
    assert room.width("x_i^2") == pytest.approx(max(room.width("x_i"), room.width("x^2")))


def test_unfinished_groups_do_not_stop_the_reader():
    assert room.width("\\frac{a}{") > 0
    assert room.width("x^") > 0
    assert room.width("") == 0


def test_rows_add_up_in_height():
    assert room.height("a \\\\ b") - room.height("a") == pytest.approx(room.height("b") - room.height("") + 1.6)
    assert room.height("\\frac ab") > room.height("a")


def test_formulas_of_a_page_get_their_room():
    page = '<p><span class="math notranslate nohighlight">\\(a &lt; b\\)</span></p>'
    page += '<div class="math notranslate nohighlight" id="equation-eq-x"><span class="eqno">(1)</span>\\[a\\]</div>'
    made = room.with_room(page)
    assert f'style="--room: {room.width("a < b"):g}em">\\(a &lt; b\\)</span>' in made
    assert f'id="equation-eq-x" style="--room: {room.height("a"):g}em"><span class="eqno">' in made
    assert room.with_room(made) == made
