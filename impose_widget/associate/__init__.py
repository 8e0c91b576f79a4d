from .config import AssociationConfig
from .draft import associate
