"""Engines of Rego behind `voiceassist.ports.policy`: regorus by default, rego-cpp and OPA by settings."""
