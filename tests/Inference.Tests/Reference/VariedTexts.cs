using System.Text;

namespace Meridian.Inference.Tests.Reference;

/// <summary>200 texts that differ in script, length and oddity; the same ones in every run.</summary>
internal static class VariedTexts
{
    private static readonly string[] Sentences =
    [
        "The quick brown fox jumps over the lazy dog.",
        "A region went dark at 03:14, and nobody noticed.",
        "He said: \"I can't, won't, shouldn't've!\" — and left…",
        "Crème brûlée, naïve façade, Ångström, Čeština, İstanbul, Łódź, ÆØÅ œuvre",
        "Die Straße ist groß; der Fuß ist weiß. GROẞ!",
        "Tiếng Việt có nhiều dấu: ặ ẫ ổ ữ ỵ",
        "Съешь ещё этих мягких французских булок, да выпей чаю.",
        "Їжак, ґанок, щастя — українською мовою",
        "Ο γρήγορος καφέ αλεπού πηδάει πάνω από το σκυλί. ΣΊΣΥΦΟΣ",
        "ΟΔΥΣΣΕΥΣ, ΤΟΥΣ ΣΑΣ. Ο ΑΣ' ΕΙΣ· Σ ΣΣ ΑΣ\u0301 ΑΣ\u0301Α ΑΣ\u0007 ΑΣ:Β ΑΣ-Β οδυσσευς",
        "السلام عليكم ورحمة الله وبركاته، كيف حالك اليوم؟",
        "إِنَّا أَعْطَيْنَاكَ الْكَوْثَرَ",
        "שלום עולם, מה שלומך היום? בְּרֵאשִׁית בָּרָא",
        "नमस्ते दुनिया, आप कैसे हैं? क्षत्रिय ज्ञान",
        "বাংলা ভাষা একটি সুন্দর ভাষা।",
        "தமிழ் மொழி மிகவும் பழமையானது",
        "สวัสดีชาวโลก วันนี้อากาศดีมาก",
        "សួស្តីពិភពលោក",
        "ကမ္ဘာကို မင်္ဂလာပါ",
        "你好，世界！今天天气很好。",
        "繁體中文與简体中文混合，還有標點「引號」。",
        "こんにちは世界。カタカナとひらがな、漢字が混ざる。ｶﾀｶﾅ",
        "안녕하세요 세계, 오늘 날씨가 좋네요.",
        "한글 decomposed: 한글",
        "𠀀𠀁𠀂 𪜀 rare CJK from the supplementary planes 㐀㐁",
        "Emoji: 😀 😃 👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 ☕️ ❤️",
        "ᚠᚢᚦᚨᚱᚲ runes, Ⰳⰾⰰⰳⱁⰾⰹⱌⰰ, 𐍈 Gothic, 𓀀 hieroglyph",
        "ქართული ენა, Հայերեն լեզու, አማርኛ",
        "Zalgo: t̷͖̂e̵͚͝x̸͎̌t̴̰̚ w̶̼͊i̷̹̿t̸̖͝h̶̻̕ marks",
        "e\u0301 versus \u00e9, A\u030a versus \u00c5, \u1e9b\u0323",
        "ﬁ ligature, ½ fraction, ² superscript, ℌ letterlike, Ⅷ roman, ① circled",
        "Full width: ＡＢＣ　１２３！",
        "Tabs\tand\nnew\r\nlines\vand\fform feeds",
        "control \0 characters \u0001\u0002\u0007\u001b[31m\u007f\u0080\u009f end",
        "zero\u200bwidth\u200cnon\u200djoiner\u2060word\ufeffbom\u00adsoft",
        "right\u202eto left override\u202c and \u2066isolates\u2069",
        "spaces:\u00a0no-break\u2003em\u3000ideographic\u2028line\u2029paragraph\u0085next",
        "private use \ue000 \uf8ff, replacement \ufffd, noncharacter \ufdd0",
        "https://example.org/a/b?c=d&e=%20f#g and mailto:who@example.com",
        "public static int Main(string[] args) => args.Length switch { 0 => -1, _ => 0x2A };",
        "SELECT * FROM t WHERE a = 'b''c' AND d <> 1.5e-10; -- comment",
        "for (;;) { i++; } /* C */ #include <stdio.h> \\n \\\\ `back` ~tilde~ ^caret^ |pipe| {brace} [bracket]",
        "{\"json\": [1, 2.5, null, true], \"nested\": {\"k\": \"v\"}}",
        "1 12 123 1234 12345 1,234,567.89 3.14159 1e10 0xFF 007 2026-11-24T18:07:57Z",
        "$5 £6 €7 ¥8 ₹9 ₿10 5% 6‰ 20°C ±3 ×4 ÷2 √9 ∑ ∫ ≈ ≠ ≤ ∞",
        "UPPER CASE SHOUTING, miXeD cAsE, camelCaseIdentifier snake_case_identifier kebab-case",
        "donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
        "pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
        "a", "I", ".", "?!", "   leading and trailing   ", " ", "\t\n", "##ing ##ed", "[CLS] [SEP] [PAD] [MASK] [UNK]", "[cls] [ SEP ] [MASK",
        "the the the the the the the the", "— – ‐ ‑ ‒ ― - _ ‿", "‘single’ “double” «guillemets» ‹›", "…‥․ ‼⁇", "㈠㈡ ㊤ ㌔ ㍿", "𝓜𝓪𝓽𝓱 𝔸𝔹ℂ 𝟘𝟙𝟚",
    ];

    public static IReadOnlyList<string> All { get; } = Make();

    private static List<string> Make()
    {
        var random = new Random(20_260);
        var texts = new List<string>(Sentences)
        {
            new('x', 100), new('x', 101), new('x', 5000), "word " + new string('y', 99) + " " + new string('z', 150) + " end",
            new string('é', 100), new string('한', 34), new string('漢', 300), new string('ก', 120),
            string.Concat(Enumerable.Repeat("a\u0301", 101)), string.Concat(Enumerable.Repeat("👍", 60)), new('!', 400), new(' ', 3000),
            Words(random, 252), Words(random, 253), Words(random, 254), Words(random, 255), Words(random, 256), Words(random, 1000), Words(random, 20_000),
            "lone \ud83d high, lone \ude00 low, \ude00\ud83d reversed",
        };

        // Mixtures of the above: pieces of different scripts side by side, cut anywhere between characters.
        while (texts.Count < 200)
        {
            var mixed = new StringBuilder();
            for (var pieces = random.Next(1, 9); pieces > 0; pieces--)
            {
                var runes = Sentences[random.Next(Sentences.Length)].EnumerateRunes().ToArray();
                var from = random.Next(runes.Length);
                foreach (var rune in runes.AsSpan(from, random.Next(1, runes.Length - from + 1)))
                    mixed.Append(rune);
                mixed.Append(random.Next(3) switch { 0 => " ", 1 => "", _ => ", " });
            }

            texts.Add(mixed.ToString());
        }

        return texts;
    }

    private static string Words(Random random, int count)
    {
        string[] words = ["time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world", "school", "state", "family", "student", "group"];
        return string.Join(' ', Enumerable.Range(0, count).Select(_ => words[random.Next(words.Length)]));
    }
}
