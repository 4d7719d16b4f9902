"""Frameworks, crosswalks, metrics, checks and levels: YAML folders in, one resolved catalogue out."""

from itss_bridge.catalogue.load import Catalogue, limited, load
from itss_bridge.catalogue.remembered import remembered
from itss_bridge.catalogue.signing import Signature, digest, signed

__all__ = ["Catalogue", "Signature", "digest", "limited", "load", "remembered", "signed"]
