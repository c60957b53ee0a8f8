"""Products of the matrices of learning with a vector, without the matrices.

``model(params, x)`` gives the outputs of one example and is batched by ``vmap``; parameters are any pytree; all
matrices are means over the batch.  Each product is an ``Operator``, a function of v and a pytree.
"""

from ngtools.products.fisher import fisher_vector_product, kl_hessian_vector_product
from ngtools.products.heads import Head
from ngtools.products.losses import ggn_vector_product, hessian_vector_product
from ngtools.products.observed import empirical_fisher_vector_product, sampled_fisher_vector_product
from ngtools.products.operator import Operator, check_operator, dense
from ngtools.products.rows import diagonal, fisher_rows

__all__ = [
    "Head",
    "Operator",
    "check_operator",
    "dense",
    "diagonal",
    "empirical_fisher_vector_product",
    "fisher_rows",
    "fisher_vector_product",
    "ggn_vector_product",
    "hessian_vector_product",
    "kl_hessian_vector_product",
    "sampled_fisher_vector_product",
]
