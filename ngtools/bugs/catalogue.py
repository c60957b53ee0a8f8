"""Which wrong program stands for which right one, and the test that sees the exchange."""

from __future__ import annotations

from dataclasses import dataclass

from ngtools.notebook import Table, table

__all__ = ["CATALOGUE", "Bug", "listed"]


@dataclass(frozen=True)
class Bug:
    """A wrong program.

    Parameters
    ----------
    name
        What went wrong, in a few words.
    program
        The wrong program, as ``module.name`` below ``ngtools.bugs``.
    replaces
        The right program: with the wrong one in its place, the test below fails.
    caught_by
        The test: ``tests/....py::test_name``.
    """

    name: str
    program: str
    replaces: str
    caught_by: str


CATALOGUE = (
    Bug(
        "the reference of the KL moves",
        "moving_reference.kl_hessian_vector_product",
        "ngtools.products.kl_hessian_vector_product",
        "tests/products/test_fisher_products.py::test_two_routes_equal_the_matrix_derived_by_hand",
    ),
    Bug(
        "one direction for discrete, the other for continuous",
        "swapped_divergence.kl",
        "ngtools.families.Family.kl",
        "tests/descent/test_natural.py::test_true_kl_of_a_budget_by_chart",
    ),
    Bug(
        "conjugate gradients without guards",
        "unguarded_cg.cg",
        "ngtools.linear.cg",
        "tests/linear/test_cg.py::test_a_singular_consistent_system_gives_the_minimum_norm_solution",
    ),
    Bug(
        "labels taken for samples",
        "labels_as_samples.sampled_fisher_vector_product",
        "ngtools.products.sampled_fisher_vector_product",
        "tests/products/test_other_matrices.py::test_labels_never_pass_for_samples",
    ),
    Bug(
        "a sum beside a mean",
        "summed_batch.kl_hessian_vector_product",
        "ngtools.products.kl_hessian_vector_product",
        "tests/products/test_fisher_products.py::test_products_are_means_over_the_batch_and_weights_replace_the_mean",
    ),
    Bug(
        "gradients of the mean loss in K-FAC",
        "mean_loss_factors.factors",
        "ngtools.kfac.factors",
        "tests/test_kfac.py::test_the_size_of_the_batch_does_not_scale_the_factors",
    ),
    Bug(
        "sigma read as a variance",
        "variance_for_deviation.family",
        "ngtools.families.get",
        "tests/fisher/test_routes.py::test_all_routes_agree_with_the_stated_matrix",
    ),
    Bug(
        "length from the damped product",
        "damped_length.natural_gradient_step",
        "ngtools.descent.natural_gradient_step",
        "tests/descent/test_matrix_free.py::test_length_from_a_budget",
    ),
    Bug(
        "a clamped domain exit",
        "clamped_deviation.run",
        "ngtools.descent.run",
        "tests/descent/test_run.py::test_an_exit_is_reported_and_nothing_is_clamped",
    ),
    Bug(
        "k1 differentiated on its samples",
        "differentiated_k1.expected_gradient",
        "ngtools.rl.kl_estimators.expected_gradient",
        "tests/rl/test_kl_estimators.py::test_k2_gives_the_gradient_of_one_direction_and_k3_of_the_other",
    ),
)


def listed() -> Table:
    """The catalogue as a table: the bug, where its program is, and the file of the test that catches it."""
    rows = [[bug.name, bug.program.split(".")[0], bug.caught_by.split("::")[0]] for bug in CATALOGUE]
    return table(["bug", "in ngtools.bugs", "caught in"], rows)
