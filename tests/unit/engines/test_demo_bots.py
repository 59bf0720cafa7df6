"""The bots of the demo understand what people say to them, in all their languages."""

from pathlib import Path

import pytest

from sessions_app.engines import scripted
from sessions_app.engines.scripting import grammar
from sessions_app.engines.turn import Turn

BOTS = Path(__file__).parents[3] / "portal" / "demo" / "bots"
SCRIPTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(BOTS.glob("*.yaml"))}
LANGUAGES = {"billing": ["en", "fr", "ja", "pt-BR"], "shop": ["en", "de", "es", "ar"]}
NOTHING = None  # the fallback

# What people may say; most of it differs from the training phrases.
SAID = [
    ("shop", "en", "Hello!", "greeting"),
    ("shop", "en", "good morning :)", "greeting"),
    ("shop", "en", "hey", "greeting"),
    ("shop", "en", "Where's my order?", "order_status"),
    ("shop", "en", "hi, my parcel has still not arrived", "order_status"),
    ("shop", "en", "has my order shipped", "order_status"),
    ("shop", "en", "when is my package coming", "order_status"),
    ("shop", "en", "48213", "order_number"),
    ("shop", "en", "my order number is 90210", "order_number"),
    ("shop", "en", "I'd like to return these boots", "returns"),
    ("shop", "en", "how can i send this back?", "returns"),
    ("shop", "en", "return policy", "returns"),
    ("shop", "en", "How much does shipping cost?", "shipping"),
    ("shop", "en", "do you ship to France?", "shipping"),
    ("shop", "en", "how long does delivery take", "shipping"),
    ("shop", "en", "are you open on saturday?", "opening_hours"),
    ("shop", "en", "opening hours", "opening_hours"),
    ("shop", "en", "what time do you close", "opening_hours"),
    ("shop", "en", "what size do i need", "sizes"),
    ("shop", "en", "do the jackets run small?", "sizes"),
    ("shop", "en", "do you sell hiking boots?", "products"),
    ("shop", "en", "i'm looking for a warm jacket", "products"),
    ("shop", "en", "can you recommend a tent", "products"),
    ("shop", "en", "tell me about the jackets", "products_jackets"),
    ("shop", "en", "Boots", "products_boots"),
    ("shop", "en", "can I talk to a human please", "human"),
    ("shop", "en", "i want to speak to a real person", "human"),
    ("shop", "en", "thanks a lot!", "thanks"),
    ("shop", "en", "Thank you so much", "thanks"),
    ("shop", "en", "bye!", "goodbye"),
    ("shop", "en", "no that's all", "goodbye"),
    ("shop", "en", "ok, goodbye", "goodbye"),
    ("shop", "en", "what is the capital of France", NOTHING),
    ("shop", "en", "asdfghjkl", NOTHING),
    ("shop", "en", "tell me a joke", NOTHING),
    ("shop", "en", "who won the football match yesterday", NOTHING),
    ("shop", "en", "???", NOTHING),
    ("shop", "en", "42", NOTHING),
    ("shop", "en", "I had pasta for lunch", NOTHING),
    ("shop", "en", "what's the weather like", NOTHING),
    ("shop", "de", "Hallo!", "greeting"),
    ("shop", "de", "Guten Tag zusammen", "greeting"),
    ("shop", "de", "Wo bleibt denn meine Bestellung?", "order_status"),
    ("shop", "de", "Wann kommt mein Paket?", "order_status"),
    ("shop", "de", "mein paket ist noch nicht da", "order_status"),
    ("shop", "de", "Sendungsverfolgung", "order_status"),
    ("shop", "de", "Meine Bestellnummer ist 55102", "order_number"),
    ("shop", "de", "55102", "order_number"),
    ("shop", "de", "Ich würde gern etwas zurückschicken", "returns"),
    ("shop", "de", "Ich moechte die Stiefel zurueckgeben", "returns"),
    ("shop", "de", "kann ich das umtauschen?", "returns"),
    ("shop", "de", "Was kostet der Versand nach Österreich?", "shipping"),
    ("shop", "de", "Liefert ihr nach Frankreich?", "shipping"),
    ("shop", "de", "Wie lange dauert der Versand", "shipping"),
    ("shop", "de", "Habt ihr samstags geöffnet?", "opening_hours"),
    ("shop", "de", "oeffnungszeiten", "opening_hours"),
    ("shop", "de", "Wann macht ihr auf?", "opening_hours"),
    ("shop", "de", "Welche Größe passt mir?", "sizes"),
    ("shop", "de", "Fallen die Jacken groß aus?", "sizes"),
    ("shop", "de", "Habt ihr Rucksäcke?", "products"),
    ("shop", "de", "ich suche eine warme Jacke", "products"),
    ("shop", "de", "Erzähl mir was über die Jacken", "products_jackets"),
    ("shop", "de", "Stiefel", "products_boots"),
    ("shop", "de", "Ich will mit einem Mitarbeiter sprechen", "human"),
    ("shop", "de", "Gibt es einen Kundenservice?", "human"),
    ("shop", "de", "Vielen lieben Dank!", "thanks"),
    ("shop", "de", "dankeschön", "thanks"),
    ("shop", "de", "Tschüß!", "goodbye"),
    ("shop", "de", "Nein, das war's", "goodbye"),
    ("shop", "de", "auf wiedersehen", "goodbye"),
    ("shop", "de", "Wie heißt die Hauptstadt von Peru?", NOTHING),
    ("shop", "de", "Erzähl mir einen Witz", NOTHING),
    ("shop", "de", "blablabla", NOTHING),
    ("shop", "de", "Wie wird das Wetter morgen", NOTHING),
    ("shop", "es", "¡Hola!", "greeting"),
    ("shop", "es", "buenas tardes", "greeting"),
    ("shop", "es", "¿Dónde está mi pedido?", "order_status"),
    ("shop", "es", "cuando llega mi paquete", "order_status"),
    ("shop", "es", "mi pedido no ha llegado todavia", "order_status"),
    ("shop", "es", "mi numero de pedido es 77001", "order_number"),
    ("shop", "es", "77001", "order_number"),
    ("shop", "es", "Quisiera devolver unas botas", "returns"),
    ("shop", "es", "¿puedo cambiar la chaqueta?", "returns"),
    ("shop", "es", "devoluciones", "returns"),
    ("shop", "es", "¿Cuánto cuesta el envío a Francia?", "shipping"),
    ("shop", "es", "¿Hacéis envíos a Italia?", "shipping"),
    ("shop", "es", "gastos de envio", "shipping"),
    ("shop", "es", "¿Abrís los sábados?", "opening_hours"),
    ("shop", "es", "¿a qué hora abre la tienda?", "opening_hours"),
    ("shop", "es", "¿Qué talla me va bien?", "sizes"),
    ("shop", "es", "guia de tallas", "sizes"),
    ("shop", "es", "busco una mochila", "products"),
    ("shop", "es", "¿tenéis tiendas de campaña?", "products"),
    ("shop", "es", "chaquetas", "products_jackets"),
    ("shop", "es", "¿qué botas tenéis?", "products_boots"),
    ("shop", "es", "quiero hablar con alguien", "human"),
    ("shop", "es", "Necesito hablar con una persona real", "human"),
    ("shop", "es", "Muchísimas gracias", "thanks"),
    ("shop", "es", "vale, gracias", "thanks"),
    ("shop", "es", "adios", "goodbye"),
    ("shop", "es", "no, eso es todo", "goodbye"),
    ("shop", "es", "¿Cuál es la capital de Noruega?", NOTHING),
    ("shop", "es", "cuéntame un chiste", NOTHING),
    ("shop", "es", "qwerty", NOTHING),
    ("shop", "es", "va a llover mañana", NOTHING),
    ("shop", "ar", "مرحباً", "greeting"),
    ("shop", "ar", "السلام عليكم ورحمة الله", "greeting"),
    ("shop", "ar", "أين طلبي؟", "order_status"),
    ("shop", "ar", "متى يصل الطرد؟", "order_status"),
    ("shop", "ar", "اين الطلب", "order_status"),
    ("shop", "ar", "لم يصل طلبي", "order_status"),
    ("shop", "ar", "رقم الطلب 88123", "order_number"),
    ("shop", "ar", "٨٨١٢٣", "order_number"),
    ("shop", "ar", "أريد أن أرجع الحذاء", "returns"),
    ("shop", "ar", "سياسة الارجاع", "returns"),
    ("shop", "ar", "أريد استبدال المنتج", "returns"),
    ("shop", "ar", "كم سعر الشحن؟", "shipping"),
    ("shop", "ar", "هل توصلون إلى فرنسا؟", "shipping"),
    ("shop", "ar", "متى يفتح المتجر؟", "opening_hours"),
    ("shop", "ar", "ما هي مواعيد العمل؟", "opening_hours"),
    ("shop", "ar", "هل تعملون يوم السبت", "opening_hours"),
    ("shop", "ar", "ما هو المقاس المناسب", "sizes"),
    ("shop", "ar", "جدول المقاسات من فضلك", "sizes"),
    ("shop", "ar", "أبحث عن حقيبة ظهر", "products"),
    ("shop", "ar", "هل لديكم خيام", "products"),
    ("shop", "ar", "السترات", "products_jackets"),
    ("shop", "ar", "الأحذية", "products_boots"),
    ("shop", "ar", "أريد التحدث مع شخص حقيقي", "human"),
    ("shop", "ar", "خدمة العملاء لو سمحت", "human"),
    ("shop", "ar", "شكراً جزيلاً", "thanks"),
    ("shop", "ar", "شكرا", "thanks"),
    ("shop", "ar", "مع السلامة", "goodbye"),
    ("shop", "ar", "لا، هذا كل شيء شكرا", "goodbye"),
    ("shop", "ar", "ما هي عاصمة فرنسا؟", NOTHING),
    ("shop", "ar", "احك لي نكتة", NOTHING),
    ("shop", "ar", "كيف الطقس غدا", NOTHING),
    ("billing", "en", "Hi!", "greeting"),
    ("billing", "en", "please send me a copy of the invoice", "invoice_copy"),
    ("billing", "en", "where can I download my invoices?", "invoice_copy"),
    ("billing", "en", "I need the receipt for March", "invoice_copy"),
    ("billing", "en", "I was charged twice!", "refund"),
    ("billing", "en", "when do I get my refund?", "refund"),
    ("billing", "en", "i want my money back", "refund"),
    ("billing", "en", "I'd like to update my card", "change_payment"),
    ("billing", "en", "can we pay by bank transfer?", "change_payment"),
    ("billing", "en", "My card has been declined", "payment_failed"),
    ("billing", "en", "payment failed", "payment_failed"),
    ("billing", "en", "Is VAT included in the price?", "vat"),
    ("billing", "en", "how do I add our VAT number", "vat"),
    ("billing", "en", "when is the invoice due?", "due_date"),
    ("billing", "en", "can i pay next week", "due_date"),
    ("billing", "en", "due date", "due_date"),
    ("billing", "en", "we moved, please change our billing address", "billing_address"),
    ("billing", "en", "wrong address on my invoice", "billing_address"),
    ("billing", "en", "How can I cancel my plan?", "cancel_plan"),
    ("billing", "en", "please cancel my subscription", "cancel_plan"),
    ("billing", "en", "let me talk to a human", "human"),
    ("billing", "en", "Many thanks!", "thanks"),
    ("billing", "en", "goodbye", "goodbye"),
    ("billing", "en", "that's all, bye", "goodbye"),
    ("billing", "en", "sing me a song", NOTHING),
    ("billing", "en", "what is the meaning of life", NOTHING),
    ("billing", "en", "zzzz", NOTHING),
    ("billing", "en", "is it going to rain", NOTHING),
    ("billing", "fr", "Bonjour !", "greeting"),
    ("billing", "fr", "Pouvez-vous m'envoyer une copie de la facture ?", "invoice_copy"),
    ("billing", "fr", "Où sont mes factures ?", "invoice_copy"),
    ("billing", "fr", "je n'ai pas recu ma facture", "invoice_copy"),
    ("billing", "fr", "Vous m'avez débité deux fois", "refund"),
    ("billing", "fr", "je voudrais être remboursé", "refund"),
    ("billing", "fr", "Comment changer ma carte bancaire ?", "change_payment"),
    ("billing", "fr", "peut-on payer par virement", "change_payment"),
    ("billing", "fr", "Ma carte est refusée", "payment_failed"),
    ("billing", "fr", "paiement refusé", "payment_failed"),
    ("billing", "fr", "La TVA est-elle incluse ?", "vat"),
    ("billing", "fr", "numéro de TVA", "vat"),
    ("billing", "fr", "Quelle est l'échéance de ma facture ?", "due_date"),
    ("billing", "fr", "peut-on payer plus tard ?", "due_date"),
    ("billing", "fr", "Il faut changer l'adresse de facturation", "billing_address"),
    ("billing", "fr", "Comment puis-je résilier mon abonnement ?", "cancel_plan"),
    ("billing", "fr", "resiliation", "cancel_plan"),
    ("billing", "fr", "Je voudrais parler à quelqu'un", "human"),
    ("billing", "fr", "Merci bien", "thanks"),
    ("billing", "fr", "Au revoir", "goodbye"),
    ("billing", "fr", "non merci, c'est tout", "goodbye"),
    ("billing", "fr", "Quelle est la capitale du Chili ?", NOTHING),
    ("billing", "fr", "raconte-moi une blague", NOTHING),
    ("billing", "fr", "quel temps fera-t-il demain", NOTHING),
    ("billing", "ja", "こんにちは!", "greeting"),
    ("billing", "ja", "おはよう", "greeting"),
    ("billing", "ja", "請求書のコピーが欲しいです", "invoice_copy"),
    ("billing", "ja", "請求書がまだ届きません", "invoice_copy"),
    ("billing", "ja", "領収書を発行してください", "invoice_copy"),
    ("billing", "ja", "返金をお願いします", "refund"),
    ("billing", "ja", "二重に引き落とされています", "refund"),
    ("billing", "ja", "クレジットカードを変更したいのですが", "change_payment"),
    ("billing", "ja", "支払い方法を変えたい", "change_payment"),
    ("billing", "ja", "銀行振込は使えますか", "change_payment"),
    ("billing", "ja", "カードが使えません、拒否されます", "payment_failed"),
    ("billing", "ja", "支払いエラー", "payment_failed"),
    ("billing", "ja", "消費税は込みですか", "vat"),
    ("billing", "ja", "インボイスの登録番号", "vat"),
    ("billing", "ja", "支払期限を教えて", "due_date"),
    ("billing", "ja", "支払いはいつまでですか?", "due_date"),
    ("billing", "ja", "住所を変更したい", "billing_address"),
    ("billing", "ja", "請求書の宛名を変えたい", "billing_address"),
    ("billing", "ja", "サブスクを解約したいです", "cancel_plan"),
    ("billing", "ja", "担当者と話したい", "human"),
    ("billing", "ja", "ありがとうございます!", "thanks"),
    ("billing", "ja", "さようなら", "goodbye"),
    ("billing", "ja", "以上です。", "goodbye"),
    ("billing", "ja", "明日の天気は", NOTHING),
    ("billing", "ja", "好きな食べ物は何", NOTHING),
    ("billing", "ja", "猫", NOTHING),
    ("billing", "pt-BR", "Oi!", "greeting"),
    ("billing", "pt-BR", "bom dia", "greeting"),
    ("billing", "pt-BR", "Preciso da segunda via da minha fatura", "invoice_copy"),
    ("billing", "pt-BR", "nao recebi minha fatura", "invoice_copy"),
    ("billing", "pt-BR", "Fui cobrada duas vezes", "refund"),
    ("billing", "pt-BR", "quero meu dinheiro de volta", "refund"),
    ("billing", "pt-BR", "Quero trocar meu cartão", "change_payment"),
    ("billing", "pt-BR", "dá para pagar com pix?", "change_payment"),
    ("billing", "pt-BR", "Meu cartão foi recusado", "payment_failed"),
    ("billing", "pt-BR", "erro no pagamento", "payment_failed"),
    ("billing", "pt-BR", "Os impostos estão incluídos?", "vat"),
    ("billing", "pt-BR", "onde informo o CNPJ?", "vat"),
    ("billing", "pt-BR", "Qual o vencimento da fatura?", "due_date"),
    ("billing", "pt-BR", "posso pagar mais tarde", "due_date"),
    ("billing", "pt-BR", "Preciso mudar o endereço da fatura", "billing_address"),
    ("billing", "pt-BR", "o nome da empresa mudou", "billing_address"),
    ("billing", "pt-BR", "Como cancelo minha assinatura?", "cancel_plan"),
    ("billing", "pt-BR", "quero cancelar", "cancel_plan"),
    ("billing", "pt-BR", "Quero falar com um atendente", "human"),
    ("billing", "pt-BR", "Muito obrigada!", "thanks"),
    ("billing", "pt-BR", "tchau tchau", "goodbye"),
    ("billing", "pt-BR", "não, só isso", "goodbye"),
    ("billing", "pt-BR", "Qual é a capital do Japão?", NOTHING),
    ("billing", "pt-BR", "conte uma piada", NOTHING),
    ("billing", "pt-BR", "vai chover amanhã?", NOTHING),
]


async def ask(bot, language, text="", **changes):
    facts = {"agent_slug": bot, "session_id": "s", "default_language": "en", "kind": "text", "script": SCRIPTS[bot]}
    return await scripted.reply(Turn(language=language, text=text, **(facts | changes)))


@pytest.mark.parametrize(("bot", "language", "text", "intent"), SAID)
async def test_what_people_say_is_understood(bot, language, text, intent):
    reply = await ask(bot, language, text)
    assert reply.intent == intent, reply.score
    assert reply.language == language


@pytest.mark.parametrize("bot", SCRIPTS)
def test_every_script_is_without_mistakes(bot):
    assert grammar.validate(SCRIPTS[bot], default_language="en", prompt_event="WELCOME") == []


def test_every_script_speaks_its_languages_and_the_same_intents_in_each():
    for bot, tags in LANGUAGES.items():
        spoken = grammar.parse(SCRIPTS[bot]).script.languages.values()
        assert [language.tag for language in spoken] == tags
        assert len({tuple(language.intents) for language in spoken}) == 1
        assert len({tuple(language.events) for language in spoken}) == 1


@pytest.mark.parametrize(("bot", "language"), [(bot, tag) for bot, tags in LANGUAGES.items() for tag in tags])
async def test_every_training_phrase_means_its_own_intent(bot, language):
    for name, intent in grammar.parse(SCRIPTS[bot]).script.languages[language.casefold()].intents.items():
        for phrase in intent.phrases:
            reply = await ask(bot, language, phrase.text)
            assert (reply.intent, reply.score) == (name, 1.0), phrase.text


@pytest.mark.parametrize(("bot", "language"), [(bot, tag) for bot, tags in LANGUAGES.items() for tag in tags])
@pytest.mark.parametrize("name", ["", "Ada"])
async def test_the_greeting_has_buttons_that_lead_somewhere(bot, language, name):
    greeting = await ask(bot, language, kind="event", event="WELCOME", user_name=name)
    assert "{" not in greeting.messages[0].text
    for button in greeting.messages[-1].payload["buttons"]:
        pressed = await ask(bot, language, button["text"], kind="postback", payload=button)
        assert pressed.intent == button["postback"]


@pytest.mark.parametrize(("bot", "language"), [(bot, tag) for bot, tags in LANGUAGES.items() for tag in tags])
async def test_a_goodbye_ends_the_session_and_only_a_wish_for_a_person_calls_one(bot, language):
    intents = grammar.parse(SCRIPTS[bot]).script.languages[language.casefold()].intents
    assert [name for name, intent in intents.items() if intent.answer.ends_session] == ["goodbye"]
    assert [name for name, intent in intents.items() if intent.answer.wants_human] == ["human"]
