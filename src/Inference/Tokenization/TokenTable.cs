using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Meridian.Inference.Tokenization;

/// <summary>
/// Holds the UTF-8 of every token as the tokenizer's <c>decoder</c> produces it, so that text can be built token by token. Thread-safe.
/// </summary>
/// <remarks>
/// A table exists for decoders whose text for a token depends only on the token and on whether it is the first. These are, alone and in the sequences that
/// models use: <c>ByteLevel</c> (GPT-2, Llama 3, Qwen), <c>Replace</c> of a string, <c>ByteFallback</c>, <c>Fuse</c> followed by a <c>Strip</c> of leading
/// characters (Llama 2, Mistral, Gemma, Phi-3), <c>Metaspace</c>, <c>WordPiece</c>, and no decoder at all. For other decoders there is no table.
/// </remarks>
internal sealed class TokenTable
{
    private const int NotFirst = 0;
    private const int First = 1;
    private static readonly Dictionary<char, byte> ByteLevelBytes = MakeByteLevelBytes();
    private readonly Pieces[] _pieces;
    private readonly Trait[] _traits;
    private readonly string?[] _texts;

    private TokenTable(Pieces[] pieces, Trait[] traits, bool replacesBytewise, char stripped, int strips)
    {
        _pieces = pieces;
        _traits = traits;
        _texts = new string?[traits.Length];
        ReplacesBytewise = replacesBytewise;
        Stripped = stripped;
        Strips = strips;
    }

    [Flags]
    private enum Trait : byte
    {
        None = 0,

        /// <summary>The id has a token.</summary>
        Exists = 1,

        /// <summary>The token is special and has no text.</summary>
        Special = 2,

        /// <summary>The token is one byte (<c>&lt;0x0A&gt;</c>). A character may need several such tokens.</summary>
        Byte = 4,

        /// <summary>The token's bytes are complete characters.</summary>
        Whole = 8,
    }

    /// <value>
    /// How invalid UTF-8 is replaced. True: tokens are texts or single bytes, and each byte that is part of no character becomes one U+FFFD. False: tokens are
    /// bytes, and each longest incomplete beginning of a character becomes one U+FFFD.
    /// </value>
    public bool ReplacesBytewise { get; }

    /// <value>Character that is removed from the beginning of the whole text.</value>
    public char Stripped { get; }

    /// <value>How many times <see cref="Stripped"/> is removed at most.</value>
    public int Strips { get; }

    public bool Exists(int id) => (uint)id < (uint)_traits.Length && _traits[id] != Trait.None;

    public bool IsSpecial(int id) => (_traits[id] & Trait.Special) != 0;

    public bool IsByte(int id) => (_traits[id] & Trait.Byte) != 0;

    /// <summary>UTF-8 of a token.</summary>
    public ReadOnlyMemory<byte> Bytes(int id, bool first = false) => _pieces[first ? First : NotFirst].Of(id);

    /// <summary>Text of a token that is not the first of a text; null if the token may be part of a character.</summary>
    public string? Text(int id) =>
        _texts[id] ?? ((_traits[id] & Trait.Whole) == 0 ? null : _texts[id] = Encoding.UTF8.GetString(Bytes(id).Span));

    /// <summary>Builds the table of a tokenizer. Null if its decoder is not supported.</summary>
    public static TokenTable? Make(TokenizerFile file)
    {
        if (Stages(file.Decoder) is not { } stages)
            return null;

        var traits = new Trait[file.Tokens.Length];
        var pieces = new[] { new Pieces(file.Tokens.Length), new Pieces(file.Tokens.Length) };
        for (var id = 0; id < traits.Length; id++)
        {
            if (file.Tokens[id] is not { } token)
            {
                pieces[NotFirst].Add([]);
                pieces[First].Add([]);
                continue;
            }

            var later = stages.Decode(token, first: false, out var isByte);
            var trait = Trait.Exists | (isByte ? Trait.Byte : 0) | (file.Special.Contains(id) ? Trait.Special : 0);
            if (!isByte && Utf8.IsValid(later))
                trait |= Trait.Whole;
            traits[id] = trait;
            pieces[NotFirst].Add(later);
            if (stages.DistinguishesFirst)
                pieces[First].Add(stages.Decode(token, first: true, out _));
        }

        if (!stages.DistinguishesFirst)
            pieces[First] = pieces[NotFirst];
        return new TokenTable(pieces, traits, replacesBytewise: !stages.ByteLevel, stages.Stripped, stages.Strips);
    }

    private static Pipeline? Stages(JsonElement decoder)
    {
        var pipeline = new Pipeline();
        if (decoder.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            // Without a decoder the library puts a space between tokens.
            pipeline.Maps.Add((token, first) => first ? token : " " + token);
            pipeline.DistinguishesFirst = true;
            return pipeline;
        }

        return pipeline.Add(decoder) ? pipeline : null;
    }

    // bytes_to_unicode of GPT-2: each printable byte stands for itself; the other bytes are mapped to the characters from U+0100 on, in order.
    private static Dictionary<char, byte> MakeByteLevelBytes()
    {
        var bytes = new Dictionary<char, byte>(256);
        var next = '\u0100';
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            bytes.Add(printable ? (char)value : next++, (byte)value);
        }

        return bytes;
    }

    /// <summary>Byte strings in one array, one behind the other.</summary>
    private sealed class Pieces(int count)
    {
        private readonly int[] _ends = new int[count + 1];
        private byte[] _bytes = new byte[count * 8];
        private int _count;

        public ReadOnlyMemory<byte> Of(int index) => _bytes.AsMemory(_ends[index].._ends[index + 1]);

        public void Add(ReadOnlySpan<byte> piece)
        {
            var end = _ends[_count] + piece.Length;
            if (end > _bytes.Length)
                Array.Resize(ref _bytes, Math.Max(end, _bytes.Length * 2));
            piece.CopyTo(_bytes.AsSpan(_ends[_count]));
            _ends[++_count] = end;
        }
    }

    /// <summary>The steps by which a decoder converts one token.</summary>
    private sealed class Pipeline
    {
        private bool _byteFallback;
        private bool _fused;

        public List<Func<string, bool, string>> Maps { get; } = [];

        public bool DistinguishesFirst { get; set; }

        public bool ByteLevel { get; private set; }

        public char Stripped { get; private set; }

        public int Strips { get; private set; }

        /// <summary>Adds a stage of the decoder. Returns false if the stage does not work token by token.</summary>
        public bool Add(JsonElement decoder)
        {
            var type = decoder.GetProperty("type").GetString();
            switch (type)
            {
                case "Sequence":
                    foreach (var part in decoder.GetProperty("decoders").EnumerateArray())
                    {
                        if (!Add(part))
                            return false;
                    }

                    return true;

                case "Fuse":
                    _fused = true;
                    return true;

                case "ByteFallback" when !_fused && !_byteFallback:
                    _byteFallback = true;
                    return true;

                case "ByteLevel" when !_fused && !_byteFallback:
                    ByteLevel = _fused = true;
                    return true;

                case "Strip" when decoder.GetProperty("content").GetString() is { Length: 1 } content && decoder.GetProperty("stop").GetInt32() == 0:
                    if (!_fused || Strips > 0)
                        return false;
                    Stripped = content[0];
                    Strips = decoder.GetProperty("start").GetInt32();
                    return true;

                case "Replace" when IsPerToken && decoder.GetProperty("pattern").TryGetProperty("String", out var pattern):
                    var (from, to) = (Text(pattern), Text(decoder.GetProperty("content")));
                    if (from.Length == 0)
                        return false;
                    Maps.Add((token, _) => token.Replace(from, to, StringComparison.Ordinal));
                    return true;

                case "Metaspace" when IsPerToken && decoder.GetProperty("replacement").GetString() is { Length: 1 } replacement:
                    var prepends = decoder.TryGetProperty("prepend_scheme", out var scheme)
                        ? scheme.GetString() != "never"
                        : !decoder.TryGetProperty("add_prefix_space", out var adds) || adds.GetBoolean();
                    Maps.Add((token, first) => token.Replace(replacement, first && prepends ? "" : " ", StringComparison.Ordinal));
                    DistinguishesFirst |= prepends;
                    return true;

                case "WordPiece" when IsPerToken:
                    var prefix = Text(decoder.GetProperty("prefix"));
                    var cleans = decoder.GetProperty("cleanup").GetBoolean();
                    Maps.Add((token, first) => WordPiece(token, first, prefix, cleans));
                    DistinguishesFirst = true;
                    return true;

                default:
                    return false;
            }
        }

        public byte[] Decode(string token, bool first, out bool isByte)
        {
            foreach (var map in Maps)
                token = map(token, first);
            isByte = false;
            if (ByteLevel)
                return FromByteLevel(token);
            if (_byteFallback && token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
                && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                isByte = true;
                return [value];
            }

            return Encoding.UTF8.GetBytes(token);
        }

        private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("it has null where a text belongs.");

        private bool IsPerToken => !_fused && !_byteFallback;

        // A token with a character that stands for no byte is an added token, which is plain text.
        private static byte[] FromByteLevel(string token)
        {
            var bytes = new byte[token.Length];
            for (var i = 0; i < token.Length; i++)
            {
                if (!ByteLevelBytes.TryGetValue(token[i], out bytes[i]))
                    return Encoding.UTF8.GetBytes(token);
            }

            return bytes;
        }

        private static string WordPiece(string token, bool first, string prefix, bool cleans)
        {
            if (!first)
                token = prefix.Length > 0 && token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            if (!cleans)
                return token;
            foreach (var (from, to) in (ReadOnlySpan<(string, string)>)[(" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")])
                token = token.Replace(from, to, StringComparison.Ordinal);
            return token;
        }
    }
}
