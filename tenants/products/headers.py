"""The words by which tills and shops in our six languages call the columns of a product list, and yes and no."""

from __future__ import annotations

FIELDS = (
    "sku",
    "name",
    "category",
    "tags",
    "price_minor",
    "is_excluded_from_earning",
    "is_excluded_from_redeeming",
    "is_active",
)

# Without accents, in small letters, one blank between words.
WORDS = {
    "sku": """
        sku|id|code|item code|item no|item number|item id|product code|product id|product number|article number|
        article no|plu|ean|gtin|barcode|upc|internal reference|reference|
        codigo|referencia|ref|artigo|codigo do artigo|codigo de barras|
        artikelnummer|artikelnr|art nr|artnr|streckkod|
        κωδικος|κωδικος ειδους|κωδικος προιοντος|barcode ειδους|
        code article|code produit|no article|code barre|code barres|
        codigo de articulo|codigo de producto|codigo del producto|artikel|artikel nr""",
    "name": """
        name|product|product name|item|item name|title|description|article|
        nome|produto|designacao|descricao|nome do produto|
        namn|produkt|produktnamn|artikelnamn|benamning|beskrivning|
        ονομα|ονομασια|προιον|ειδος|περιγραφη|περιγραφη ειδους|
        nom|produit|nom du produit|designation|libelle|
        nombre|producto|articulo|nombre del producto|descripcion|bezeichnung""",
    "category": """
        category|categories|product category|department|group|product group|type|
        categoria|categorias|familia|grupo|departamento|
        kategori|varugrupp|grupp|avdelning|
        κατηγορια|ομαδα|τμημα|
        categorie|famille|rayon|groupe|
        seccion|warengruppe|kategorie""",
    "tags": """
        tags|tag|labels|label|keywords|
        etiquetas|etiqueta|palavras chave|
        taggar|etiketter|nyckelord|
        ετικετες|ετικετα|λεξεις κλειδια|
        etiquettes|etiquette|mots cles|
        palabras clave""",
    "price_minor": """
        price|unit price|sales price|selling price|retail price|list price|amount|
        preco|preco de venda|pvp|preco unitario|valor|
        pris|forsaljningspris|utpris|a pris|
        τιμη|τιμη πωλησης|τιμη λιανικης|λιανικη|
        prix|prix de vente|prix unitaire|prix ttc|
        precio|precio de venta|precio unitario|importe|preis""",
    "is_excluded_from_earning": """
        excluded from earning|is excluded from earning|no earning|does not earn|earns nothing|
        sem acumulacao|excluido da acumulacao|ger inget|utan intjaning|
        χωρις επιβραβευση|εξαιρειται απο συλλογη|
        exclu du cumul|sans cumul|no acumula|excluido de acumulacion""",
    "is_excluded_from_redeeming": """
        excluded from redeeming|is excluded from redeeming|no redeeming|not as reward|no rewards|
        sem resgate|excluido do resgate|inte som beloning|utan inlosen|
        χωρις εξαργυρωση|εξαιρειται απο εξαργυρωση|
        exclu des recompenses|sans recompense|no canjeable|excluido de canje""",
    "is_active": """
        active|is active|available|enabled|
        ativo|disponivel|aktiv|tillganglig|ενεργο|διαθεσιμο|actif|disponible|activo""",
}
HEADERS = {
    " ".join(word.split()): name
    for name, words in WORDS.items()
    for word in words.replace("\n", " ").split("|")
    if word.strip()
}

# Folded as rules.fold does it.
YES = frozenset(
    {
        "1",
        "y",
        "yes",
        "true",
        "x",
        "✓",
        "on",
        "sim",
        "verdadeiro",
        "j",
        "ja",
        "sant",
        "ναι",
        "αληθησ",
        "oui",
        "vrai",
    }
    | {"si", "verdadero"}
)
NO = frozenset(
    {"0", "n", "no", "false", "-", "off", "nao", "falso", "nej", "falskt", "οχι", "ψευδησ", "non", "faux"}
)
