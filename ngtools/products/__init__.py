"""Products of the matrices of learning with a vector, without the matrices.

``model(params, x)`` gives the outputs of one example and is batched by ``vmap``; parameters are any pytree; all
matrices are means over the batch.  Each product is an ``Operator``, a function of v and a pytree.
"""

from ngtools.products.expected_hessian import expected_hessian
from ngtools.products.fisher import fisher_vector_product, kl_hessian_vector_product
from ngtools.products.heads import Head
from ngtools.products.losses import ggn_vector_product, hessian_vector_product
from ngtools.products.moments import GradientMoments, gradient_moments
from ngtools.products.observed import empirical_fisher_vector_product, sampled_fisher_vector_product
from ngtools.products.operator import Operator, check_operator, dense
from ngtools.products.policy_estimates import policy_estimates
from ngtools.products.rows import diagonal, fisher_rows
from ngtools.products.side_by_side import SideBySide, normal_population, side_by_side

__all__ = [
    "GradientMoments",
    "Head",
    "Operator",
    "SideBySide",
    "check_operator",
    "dense",
    "diagonal",
    "empirical_fisher_vector_product",
    "expected_hessian",
    "fisher_rows",
    "fisher_vector_product",
    "ggn_vector_product",
    "gradient_moments",
    "hessian_vector_product",
    "kl_hessian_vector_product",
    "normal_population",
    "policy_estimates",
    "sampled_fisher_vector_product",
    "side_by_side",
]
