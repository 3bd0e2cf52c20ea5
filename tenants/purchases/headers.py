"""The words by which tills and shops in our six languages call the columns of a file."""

from __future__ import annotations

FIELDS = ("member", "name", "email", "phone", "date", "amount", "quantity", "receipt")

# Without accents, in small letters, one blank between words.
WORDS = {
    "member": """
        member|member id|member no|member number|customer|
        customer id|customer no|customer number|client|client id|
        card|card id|card number|loyalty card|id|external id|
        membro|cliente|id cliente|numero de cliente|cartao|
        codigo cliente|medlem|medlemsnummer|kund|kundnummer|kundnr|kund id|kort|kortnummer|μελος|πελατης|
        κωδικος πελατη|αριθμος πελατη|αριθμος μελους|κωδικος|καρτα|membre|numero client|no client|n client|
        identifiant|identifiant client|carte|numero de membre|socio|numero de socio|numero cliente|miembro|
        codigo de cliente|tarjeta""",
    "name": """
        name|first name|full name|customer name|member name|nome|
        primeiro nome|nome do cliente|namn|fornamn|kundnamn|
        ονομα|ονοματεπωνυμο|nom|prenom|nom client|nom du client|nombre|nombre cliente|nombre del cliente""",
    "email": """
        email|e mail|mail|email address|e mail address|endereco de email|correio eletronico|epost|e post|
        e postadress|ηλ ταχυδρομειο|ηλεκτρονικη διευθυνση|courriel|adresse email|adresse e mail|correo|
        correo electronico""",
    "phone": """
        phone|phone number|telephone|mobile|mobile number|tel|cell|telefone|telemovel|celular|telefon|
        telefonnummer|mobil|mobilnummer|τηλεφωνο|κινητο|
        τηλ|portable|mobile client|numero de telephone|telefono|
        movil|numero de telefono""",
    "date": """
        date|day|datetime|date time|timestamp|time|
        purchase date|order date|transaction date|sold at|created at|data|
        data hora|data da compra|data compra|dia|datum|datum tid|
        tid|kopdatum|inkopsdatum|dag|ημερομηνια|ημ νια|
        ημερομηνια αγορας|ημερα|date achat|date d achat|date de vente|date heure|jour|fecha|fecha hora|
        fecha de compra|fecha compra""",
    "amount": """
        amount|total|total amount|sum|value|price|paid|dollars|
        euros|sales|revenue|valor|montante|preco|total pago|
        valor total|belopp|summa|pris|totalt|totalbelopp|ποσο|
        συνολο|αξια|τιμη|montant|montant ttc|total ttc|somme|
        prix|importe|importe total|precio|monto|betrag|summe""",
    "quantity": """
        quantity|qty|items|count|units|pieces|number of items|quantidade|qtd|qtde|artigos|antal|st|kvantitet|
        ποσοτητα|τεμαχια|τεμ|quantite|qte|articles|
        nb articles|cantidad|cant|articulos|unidades|menge|anzahl""",
    "receipt": """
        receipt|receipt no|receipt number|invoice|invoice number|order|order id|order number|transaction|
        transaction id|recibo|numero do recibo|fatura|talao|kvitto|kvittonummer|order nr|ordernummer|αποδειξη|
        αριθμος αποδειξης|παραστατικο|ticket|recu|
        numero de ticket|facture|no ticket|numero de recibo|factura""",
}
HEADERS = {
    " ".join(word.split()): name
    for name, words in WORDS.items()
    for word in words.replace("\n", " ").split("|")
}
