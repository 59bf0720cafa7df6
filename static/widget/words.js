// What the widget itself says, in the languages it speaks; anything else is said in English.
// What the agent says (replies, dividers, notices) comes from the Portal, in every language the agent has.

const WORDS = {
  en: {
    open: "Open chat", close: "Close chat", bot: "Automated assistant", you: "You", human: "Support team",
    messages: "Messages", write: "Type a message", send: "Send", sending: "Sending…", typing: "Typing…", newer: "New messages",
    menu: "Options", language: "Language", new_chat: "New chat", pause: "Pause chat", resume: "Resume chat", end: "End chat",
    clear: "Clear history", download: "Download transcript", cancel: "Cancel",
    ask: "You will no longer see these messages.",
    reconnecting: "Not connected. Reconnecting… What you write is kept.",
    paused: "This chat is paused.", held: "Waits until you resume", ended: "This chat has ended. Write to start a new one.",
    too_long: "Too long: {count} of at most {most} characters.", unavailable: "This chat is not available.",
  },
  de: {
    open: "Chat öffnen", close: "Chat schließen", bot: "Automatischer Assistent", you: "Sie", human: "Support-Team",
    messages: "Nachrichten", write: "Nachricht schreiben", send: "Senden", sending: "Wird gesendet…", typing: "Schreibt…", newer: "Neue Nachrichten",
    menu: "Optionen", language: "Sprache", new_chat: "Neuer Chat", pause: "Chat pausieren", resume: "Chat fortsetzen", end: "Chat beenden",
    clear: "Verlauf löschen", download: "Verlauf herunterladen", cancel: "Abbrechen",
    ask: "Sie sehen diese Nachrichten dann nicht mehr.",
    reconnecting: "Nicht verbunden. Neuer Versuch… Was Sie schreiben, bleibt erhalten.",
    paused: "Dieser Chat ist pausiert.", held: "Wartet, bis Sie fortsetzen", ended: "Dieser Chat ist beendet. Schreiben Sie, um einen neuen zu beginnen.",
    too_long: "Zu lang: {count} von höchstens {most} Zeichen.", unavailable: "Dieser Chat ist nicht verfügbar.",
  },
  es: {
    open: "Abrir el chat", close: "Cerrar el chat", bot: "Asistente automático", you: "Tú", human: "Equipo de soporte",
    messages: "Mensajes", write: "Escribe un mensaje", send: "Enviar", sending: "Enviando…", typing: "Escribiendo…", newer: "Mensajes nuevos",
    menu: "Opciones", language: "Idioma", new_chat: "Nuevo chat", pause: "Pausar el chat", resume: "Reanudar el chat", end: "Finalizar el chat",
    clear: "Borrar el historial", download: "Descargar la conversación", cancel: "Cancelar",
    ask: "Ya no verás estos mensajes.",
    reconnecting: "Sin conexión. Reconectando… Lo que escribas se conserva.",
    paused: "Este chat está en pausa.", held: "Espera hasta que reanudes", ended: "Este chat ha finalizado. Escribe para empezar otro.",
    too_long: "Demasiado largo: {count} de {most} caracteres como máximo.", unavailable: "Este chat no está disponible.",
  },
  fr: {
    open: "Ouvrir le chat", close: "Fermer le chat", bot: "Assistant automatique", you: "Vous", human: "Équipe d’assistance",
    messages: "Messages", write: "Écrivez un message", send: "Envoyer", sending: "Envoi…", typing: "Écrit…", newer: "Nouveaux messages",
    menu: "Options", language: "Langue", new_chat: "Nouveau chat", pause: "Suspendre le chat", resume: "Reprendre le chat", end: "Terminer le chat",
    clear: "Effacer l’historique", download: "Télécharger la conversation", cancel: "Annuler",
    ask: "Vous ne verrez plus ces messages.",
    reconnecting: "Non connecté. Reconnexion… Ce que vous écrivez est conservé.",
    paused: "Ce chat est suspendu.", held: "En attente de la reprise", ended: "Ce chat est terminé. Écrivez pour en commencer un nouveau.",
    too_long: "Trop long : {count} caractères sur {most} au maximum.", unavailable: "Ce chat n’est pas disponible.",
  },
  ja: {
    open: "チャットを開く", close: "チャットを閉じる", bot: "自動応答アシスタント", you: "あなた", human: "サポート担当",
    messages: "メッセージ", write: "メッセージを入力", send: "送信", sending: "送信中…", typing: "入力中…", newer: "新着メッセージ",
    menu: "オプション", language: "言語", new_chat: "新しいチャット", pause: "チャットを一時停止", resume: "チャットを再開", end: "チャットを終了",
    clear: "履歴を消去", download: "会話をダウンロード", cancel: "キャンセル",
    ask: "これらのメッセージは表示されなくなります。",
    reconnecting: "接続が切れました。再接続中… 入力内容は保持されます。",
    paused: "このチャットは一時停止中です。", held: "再開後に送られます", ended: "このチャットは終了しました。入力すると新しく始まります。",
    too_long: "長すぎます：{count}文字（最大{most}文字）", unavailable: "このチャットは利用できません。",
  },
  "pt-BR": {
    open: "Abrir o chat", close: "Fechar o chat", bot: "Assistente automático", you: "Você", human: "Equipe de suporte",
    messages: "Mensagens", write: "Escreva uma mensagem", send: "Enviar", sending: "Enviando…", typing: "Digitando…", newer: "Novas mensagens",
    menu: "Opções", language: "Idioma", new_chat: "Novo chat", pause: "Pausar o chat", resume: "Retomar o chat", end: "Encerrar o chat",
    clear: "Limpar o histórico", download: "Baixar a conversa", cancel: "Cancelar",
    ask: "Você não verá mais estas mensagens.",
    reconnecting: "Sem conexão. Reconectando… O que você escrever será mantido.",
    paused: "Este chat está pausado.", held: "Aguarda até você retomar", ended: "Este chat foi encerrado. Escreva para começar outro.",
    too_long: "Longo demais: {count} de no máximo {most} caracteres.", unavailable: "Este chat não está disponível.",
  },
  ar: {
    open: "فتح المحادثة", close: "إغلاق المحادثة", bot: "مساعد آلي", you: "أنت", human: "فريق الدعم",
    messages: "الرسائل", write: "اكتب رسالة", send: "إرسال", sending: "جارٍ الإرسال…", typing: "يكتب…", newer: "رسائل جديدة",
    menu: "خيارات", language: "اللغة", new_chat: "محادثة جديدة", pause: "إيقاف المحادثة مؤقتًا", resume: "استئناف المحادثة", end: "إنهاء المحادثة",
    clear: "مسح السجل", download: "تنزيل المحادثة", cancel: "إلغاء",
    ask: "لن ترى هذه الرسائل بعد الآن.",
    reconnecting: "لا يوجد اتصال. تجري إعادة الاتصال… ما تكتبه محفوظ.",
    paused: "هذه المحادثة متوقفة مؤقتًا.", held: "بانتظار الاستئناف", ended: "انتهت هذه المحادثة. اكتب لبدء محادثة جديدة.",
    too_long: "النص طويل جدًا: {count} من {most} حرف كحد أقصى.", unavailable: "هذه المحادثة غير متاحة.",
  },
};

const base = (tag) => tag.toLowerCase().split("-")[0];

/** The best of the offered tags for the first wish that has one: itself, its language, another place's. */
export function closest(wishes, offered) {
  for (const wish of wishes) {
    const same = (test) => offered.find(test);
    const tag = wish.toLowerCase();
    const found =
      same((offer) => offer.toLowerCase() === tag) ??
      same((offer) => offer.toLowerCase() === base(tag)) ??
      same((offer) => base(offer) === base(tag));
    if (found) return found;
  }
  return undefined;
}

/** `{tag, direction, say}` for a language: `say(key, {name: value})`. `tag` is the language of the words themselves. */
export function words(language) {
  const tag = closest([language], Object.keys(WORDS)) ?? "en";
  const say = (key, values = {}) => WORDS[tag][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  return { tag, direction: tag === "ar" ? "rtl" : "ltr", say };
}
