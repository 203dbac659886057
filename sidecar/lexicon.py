"""Word lists of everyday support language, by what they hint at. Data only; `sidecar.cues` reads them.

Each list mixes English, German, French, Spanish, Italian, Portuguese and Dutch. Entries are words or phrases of up to
three words, in lower case, as they stand in e-mails of any trade.
"""

from typing import Final


def entries(text: str) -> frozenset[str]:
    """The comma-separated entries of a list, however its lines are broken."""
    return frozenset(" ".join(entry.split()) for entry in text.split(","))


def listed(text: str) -> frozenset[str]:
    """The words of a list without phrases."""
    return frozenset(text.split())


PROBLEM: Final = entries("""
    error, errors, fails, fail, failed, failing, failure, fault, faulty, broken, crash, crashes, crashed, crashing,
    stopped, stops, cannot, can't, unable, doesn't, don't, won't, isn't, not working, does not, do not, is not, no
    longer, never arrived, missing, wrong, incorrect, defective, damaged, leak, leaks, leaking, stuck, freezes, frozen,
    slow, timeout, times out, timed out, rejected, blocked, locked, lost, duplicate, twice, problem, issue, outage,
    down, overheats, noise, alarm, smell, delayed, late, refund, need, needs, would like, want, asking, request,
    complaint, charged, overcharged, invoice, since, whenever, every time, fehler, fehlermeldung, defekt, kaputt,
    funktioniert nicht, geht nicht, startet nicht, ausgefallen, ausfall, störung, fehlt, fehlen, falsch, beschädigt,
    nicht mehr, kann nicht, können nicht, lässt sich nicht, blockiert, langsam, abgestürzt, stürzt, verloren, undicht,
    doppelt, seit, seitdem, benötigen, brauchen, rechnung, reklamation, abgelehnt, hängt, bricht, erreur, panne, défaut,
    défectueux, cassé, ne fonctionne, ne marche, fonctionne plus, fonctionne pas, marche plus, impossible, bloqué,
    bloquée, manque, manquant, plante, lent, refusé, perdu, fuite, endommagé, problème, souci, dysfonctionnement,
    depuis, facture, falla, fallo, no funciona, dejó de, no puedo, no podemos, no arranca, roto, rota, defectuoso,
    dañado, bloqueado, bloqueada, lento, perdido, falta, faltan, avería, incidencia, problema, desde, factura,
    rechazado, duplicado, fuga, errore, non funziona, guasto, rotto, bloccato, manca, da quando, erro, não funciona,
    avaria, quebrado, falha, fout, foutmelding, storing, kapot, werkt niet, defect, ontbreekt, sinds, lukt niet
""")
STATE: Final = entries("""
    still, now, currently, at the moment, so far, as of, meanwhile, status, resolved, fixed, solved, closed, working
    again, works again, works now, back to normal, back online, confirmed, confirm, waiting, awaiting, pending, on hold,
    escalated, in progress, in transit, on its way, reproduced, root cause, identified, under investigation,
    investigating, scheduled, open, remains, same, again, ready, approved, delivered, arrived, turned out, it turns out,
    no longer, stable, improved, unchanged, blocked, outstanding, backordered, noch, immer noch, weiterhin, inzwischen,
    mittlerweile, derzeit, momentan, aktuell, jetzt, nun, stand, behoben, gelöst, erledigt, wartet, warten, offen,
    geklärt, bestätigt, eskaliert, in bearbeitung, unterwegs, ursache, läuft wieder, funktioniert wieder, eingeplant,
    toujours, encore, actuellement, maintenant, désormais, pour l'instant, à ce jour, résolu, réglé, corrigé, en
    attente, attendons, en cours, confirmé, confirmons, escaladé, en route, la cause, fonctionne à nouveau, remarche, de
    nouveau, todavía, aún, sigue, siguen, actualmente, ahora, por ahora, de momento, resuelto, solucionado, corregido,
    pendiente, a la espera, esperando, en curso, confirmado, confirmamos, escalado, en camino, la causa, funciona de
    nuevo, ya funciona, vuelve a, ancora, adesso, ora, attualmente, risolto, in attesa, confermato, ainda, agora,
    atualmente, resolvido, pendente, aguardando, nog steeds, nu, momenteel, inmiddels, opgelost, wacht, wachten,
    bevestigd, second level, passed to, passed it to, handed to, handed over to, forwarded to, is with, lies with, is
    checking, is looking at, are checking, has the case, works, has worked, done, did it, at present, since then,
    incomplete, not yet, no answer, all good, back in, it is solved, liegt bei, liegt jetzt, prüft, prüfen,
    weitergeleitet, weitergegeben, übergeben, seitdem, seither, läuft, läuft alles, funktioniert, unvollständig, klappt,
    alles in ordnung, noch keine, noch nicht, gemeldet, transmis, vérifie, vérifient, examine, à présent, depuis lors,
    tout fonctionne, en ordre, pas encore, incomplet, confirme, est chez, sous contrôle, trasladado, pasado a, revisa,
    revisan, está en manos, desde entonces, todo funciona, todo está, incompleto, todavía no, confirmo, segundo nivel,
    verifica, funziona, tutto funziona, funciona, já funciona, werkt weer, alles werkt, nog niet, escalated to,
    escalated this, opened a ticket, has taken over, have asked, has asked, eskaliert an, an unser, an unsere, an
    unseren, zweite ebene, direkten kontakt, niveau 2, a repris, escalado a, he pasado, he pedido, han tomado
""")
REQUEST: Final = entries("""
    please, could you, can you, would you, kindly, need you to, you need to, you have to, you should, asked you, send
    us, send me, next step, action required, must, have to, needs to be, remaining, to do, todo, required, bitte,
    könnten sie, können sie, würden sie, sie müssen, müssen noch, muss noch, nächster schritt, benötigen wir, brauchen
    wir, merci de, veuillez, pourriez-vous, pouvez-vous, pourriez vous, pouvez vous, il faut, vous devez, prochaine
    étape, plaît, por favor, podría, podrían, pueden, puede, necesitamos que, hay que, deben, debe, próximo paso, le
    pedimos, les pedimos, per favore, potrebbe, dovete, poderia, poderiam, precisamos, alstublieft, graag, kunt u, moet
    nog
""")
POLITE: Final = entries("""
    sorry that, what you asked, excuse the, thank you, thanks, many thanks, kind regards, best regards, regards,
    sincerely, cheers, let me know, let us know, hesitate to, feel free, happy to help, glad to help, hope you are, hope
    this finds, hope this helps, sorry for the, apologize, apologise, apologies, appreciate, have a nice, have a great,
    have a good, looking forward, look forward, any questions, further questions, further assistance, patience, please
    find attached, sent from my, intended recipient, confidential, unsubscribe, disclaimer, automatic reply, out of
    office, do not reply, reference number, get back to you, was received, has been received, your request, vielen dank,
    danke, besten dank, freundlichen grüßen, viele grüße, schöne grüße, beste grüße, zögern sie, rückfragen,
    entschuldigung, entschuldigen, verständnis, schönen tag, schönes wochenende, freue mich, freuen uns, gerne zur
    verfügung, vertraulich, gerne weiter, merci, cordialement, bien à vous, salutations, n'hésitez pas, hésitez pas,
    désolé, désolés, excuses, bonne journée, restons à votre, reste à votre, disposition, confidentiel, gracias, muchas
    gracias, saludos, atentamente, un cordial, no dude, no duden, disculpas, disculpe, sentimos, lamentamos, buen día,
    quedo a, quedamos a, su paciencia, confidencial, grazie, cordiali saluti, obrigado, obrigada, atenciosamente,
    bedankt, dank u, met vriendelijke, groeten, out of the office, glad that, glad to hear, glad we, i understand that,
    good to know, freut mich, schön dass, me alegro, heureux de, ravi de, lo siento, tut mir leid, i will look, will
    look after, take care of, look into, in copy, in cc, in kopie, en copie, en copia, close this, close the case,
    closing the case, closing this, schließe den, schließe ich, cierro el, je ferme, je clos, keep me in
""")
DONE: Final = entries("""
    as promised, as agreed, as discussed, as announced, here is, here are, attached, have sent, has been sent, was sent,
    is sent, sent today, have shipped, has shipped, shipped, has been shipped, was shipped, dispatched, went out,
    delivered, arrived, received, done, completed, is fixed, has been fixed, resolved, deployed, installed, replaced,
    refunded, credited, booked, called, it is live, has been released, wie versprochen, wie vereinbart, wie besprochen,
    anbei, im anhang, verschickt, versendet, geliefert, eingetroffen, erhalten, erledigt, angekommen, behoben,
    ausgetauscht, gutgeschrieben, abgeschlossen, installiert, wurde gesendet, comme promis, comme convenu, ci-joint,
    pièce jointe, envoyé, envoyée, expédié, expédiée, livré, livrée, reçu, reçue, terminé, remplacé, remboursé,
    installé, corrigé, comme prévu, como prometido, como acordamos, adjunto, enviado, enviada, entregado, recibido,
    recibida, hecho, terminado, reemplazado, reembolsado, instalado, llegó, llegado, come promesso, inviato, spedito,
    ricevuto, conforme prometido, zoals beloofd, verzonden, ontvangen, geleverd
""")
FUTURE: Final = entries("""
    i'll, we'll, you'll, he'll, she'll, they'll, it'll, i will, we will, i shall, we shall, you will, going to, plan to,
    committed to, will send, will call, will ship, is scheduled, are scheduled, is planned, aim to, ich werde, wir
    werden, werde ich, werden wir, melde mich, melden uns, zugesagt, verspreche, versprechen, je vais, nous allons, on
    va, va être, promis, voy a, vamos a, va a, me comprometo, nos comprometemos, andremo, vado a, sarà, vou, vamos,
    irei, zal, zullen, ga ik, gaan we, will deliver, will arrive, will replace, will receive, will refund, will get, i
    promise, we promise, have promised, promised you
""")
TRIED: Final = entries("""
    tried, sent, ran, made, took, did, done, found, gave, told, set, put, rebuilt, redid, swapped, reset, cut, got,
    brought, spoke, probé, probamos, hicimos, hice, intenté, intentamos, reinicié, comprobé, revisé, fait, mis, remis,
    refait, essayé, tenté, versucht, probiert, getauscht, geprüft, neu gestartet, zurückgesetzt, ausgetauscht, provato,
    tentei, tentamos, geprobeerd, reboot, restart, without success, no luck, did not help, didn't help, made no
    difference, no effect, no change, ohne erfolg, sans succès, sans effet, sin éxito, senza successo, zonder succes,
    changed nothing, did not change, no difference, the same, still the same, did not, didn't, to no avail, unchanged,
    has no effect, after that, afterwards, but, yet, however, although, nichts geändert, hat nichts, unverändert,
    dasselbe, das gleiche, trotzdem, aber, allerdings, danach, rien changé, inchangé, pareil, la même chose, toujours
    pareil, mais, pourtant, après quoi, no cambió, sin cambios, lo mismo, igual, pero, sin embargo, después de, ma,
    però, mas, porém, maar, hetzelfde
""")
FIRST_PERSON: Final = entries("""
    i, we, i'm, we're, our team, my colleague, our engineer, our technician, ich, wir, je, j', j'ai, nous, on vous, on
    va, yo, nosotros, io, noi, eu, nós, ik, wij
""")
NOT_FUTURE: Final = entries("""
    vrai, assez, environs, rez, sirez, serez-vous, detrás, atrás, mire, compré, entré, mostré, retiré, encontré, esperé,
    logré, registré
""")
"""Words that end like a French, Spanish, Italian or Portuguese future tense and are none."""
SPOKEN: Final = listed("""
    i you my me your we us our u ur im ill ive mine yours ours myself yourself i'm i'll i've i'd you're you'll you've
    you'd we're we'll we've we'd let's have do can not so what how yes like this there when did please then all any ok
    okay got see could would good hi sorry can't just know still here before don't tell oh does again there's says put
    something every thank where thanks why much were more look say think better its well hello done some same nothing
    than fine anything isn't very away never what's everything lol didn't nobody try said always he's also she's sure
    doesn't those came hear goes lot else little make really maybe already won't wouldn't ever find somebody wait doing
    things thing couldn't many great these am yeah yep nope nah hey haha hmm um uh ah wow gosh dear right it's that's
    they're wasn't aren't haven't hasn't cannot might must shall should actually anyway probably perhaps guess hope wish
    mean feel bit kind sort quite rather pretty too soon later bye cheers welcome excuse pardon glad nice lovely course
    exactly absolutely alright true who which if now get go come back pls plz thx omg btw idk ich du er wir ihr mich
    dich mir dir uns euch mein meine meinen meiner dein deine deinen ihre ihnen sie habe hast haben bin bist ja nein
    doch mal denn eben halt schon noch auch nur aber wenn dann was wie wo warum wann bitte danke hallo gut klar genau
    vielleicht eigentlich sehr hier da jetzt kann kannst können könnten würde würden muss möchte leider gerne gern
    natürlich schön je tu vous nous moi toi te mon ma mes ton ta tes votre vos notre nos j'ai j' c'est suis es ai as
    avez oui non mais donc alors bien très quoi comment où pourquoi quand merci bonjour salut d'accord peut-être voilà
    ici là aussi encore peux peut pouvez voulez dois pas yo tú usted ustedes nosotros mi mis tus su sus sí no pero
    entonces bueno muy qué cómo dónde cuándo gracias hola vale claro quizás aquí también puedo puede pueden quiero tengo
    tiene estoy está io lei voi noi mio mia miei tuo tua ti ci vi sì allora bene molto cosa dove perché quando grazie
    ciao certo forse qui anche posso può vorrei ho hai sono sei eu você vocês meu minha seu sua sim não mas então bem
    muito obrigado obrigada olá aqui também pode quero tenho ik jij wij jullie mij mijn jouw uw ons onze nee maar dan
    wel toch ook nog goed dank graag kan kunt
""")
"""Words of talk that hardly ever stand in a report of it: I and you, interjections, hedges."""
LINKS: Final = listed("""
    the a an and to in for on is of with at by as from has was because after since until will his her their he she they
    that der die das den dem des ein eine einen einem einer und zu im für auf ist von mit bei am als aus hat war weil
    nach seit bis wird sein seine dass le la les un une et à au aux en pour sur est de du avec par été parce après
    depuis jusqu'au son sa ses que el los las una y al para por es del con ha desde hasta il lo gli i e per di da nel
    che o os um uma em no na do het een van op voor met bij heeft omdat tot
""")
"""Articles, prepositions and such: what a report is joined with."""
TIMES: Final = listed("""
    day days week weeks month months year years hour hours minute minutes monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november december tomorrow
    tonight yesterday today morning evening night noon weekend twice once pm tag tage tagen woche wochen monat monate
    jahr jahre stunde stunden minuten montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz
    mai juni juli oktober dezember morgen gestern heute abend jour jours semaine semaines mois an ans heure heures lundi
    mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin juillet août septembre octobre
    novembre décembre demain hier soir día días semana semanas mes meses año años hora horas lunes martes miércoles
    jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre
    diciembre mañana ayer hoy giorno giorni settimana mese mesi anno anni ora ore lunedì martedì mercoledì giovedì
    venerdì domani ieri oggi dag dagen weken maand maanden uur maandag dinsdag woensdag donderdag vrijdag zaterdag
    zondag
""")
"""Words that say when."""
JAPANESE: Final = {
    "problem": "エラー|できません|できない|動かない|動きません|故障|不具合|問題|壊れ|異常|届いていません",
    "attempt": "試し|試みました|再起動し|確認しました|交換しました|実施しました|設定しました|リセットし|行いました",
    "state": "現在|まだ|引き続き|解決しました|復旧|待ち|対応中|調査中|確認できました|改善",
    "promise": "いたします|お送りします|ご連絡します|予定|します。?$",
    "request": "ください|お願い|いただけます",
    "polite": "お世話になって|ありがとうございま|よろしくお願い|申し訳|失礼いたします",
    "done": "送りました|完了しました|発送しました|届きました|対応しました",
}
"""Patterns instead of words: Japanese puts no spaces between them."""
NUMBERS: Final = {
    word: number
    for number, names in {
        1: "one ein einem einer eine einen un une uno una um uma een",
        2: "two zwei deux dos due dois duas twee second",
        3: "three drei trois tres tre três drie third",
        4: "four vier quatre cuatro quattro quatro fourth",
        5: "five fünf cinq cinco cinque vijf fifth",
        6: "six sechs seis sei zes",
        7: "seven sieben sept siete sette sete zeven",
        8: "eight acht huit ocho otto oito",
        9: "nine neun neuf nueve nove negen",
        10: "ten zehn dix diez dieci dez tien",
        11: "eleven elf onze once",
        12: "twelve zwölf douze doce",
        14: "fourteen vierzehn quatorze catorce",
        15: "fifteen fünfzehn quinze quince",
        20: "twenty zwanzig vingt veinte",
        24: "twenty-four vierundzwanzig vingt-quatre veinticuatro",
        30: "thirty dreißig trente treinta",
        40: "forty vierzig quarante cuarenta",
        48: "forty-eight achtundvierzig quarante-huit",
        50: "fifty fünfzig cinquante cincuenta",
        60: "sixty sechzig soixante sesenta",
        100: "hundred hundert cent cien ciento",
        1000: "thousand tausend mille mil",
        1_000_000: "million millionen millón",
    }.items()
    for word in names.split()
}
"""Number words. Ambiguous ones are kept out where they are used."""
LANGUAGES: Final = {
    "en": entries("the, and, is, are, to, of, with, we, you, this, will, have, it"),
    "de": entries("der, die, das, und, ist, wir, ich, nicht, mit, den, sie, zu, ein"),
    "fr": entries("le, les, et, est, nous, vous, des, une, je, dans, pour, pas, du"),
    "es": entries("el, los, y, es, que, en, una, por, para, con, las, se, está"),
    "it": entries("il, che, è, di, per, non, una, della, sono, gli, abbiamo, nel, ho"),
    "pt": entries("o, os, que, em, uma, para, não, com, da, do, está, foi, os"),
    "nl": entries("het, een, en, van, is, wij, ik, niet, met, voor, dat, zijn, te"),
}
"""Function words by which a language is told from the others."""
