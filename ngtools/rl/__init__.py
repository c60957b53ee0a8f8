"""Reinforcement learning: exact tabular processes, environments, policies and policy optimisation."""
