"""Policies: exact decision processes, environments, and natural policy gradient, TRPO and their relatives.

Take what you need: ``from ngtools.rl import envs, policies, trpo``.
"""
