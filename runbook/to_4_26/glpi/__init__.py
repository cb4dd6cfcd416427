"""GLPI and its plugin "OCS Inventory NG": servers, passwords, key (guide rows G03, G04)."""
