namespace Meridian.ModelTools.Tokenization;

/// <summary>How byte-level BPE writes bytes as characters: printable ones as they are, the others from U+0100 on (Radford et al., 2019; openai/gpt-2, encoder.py).</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = Make();

    public static char Of(byte value) => Characters[value];

    private static char[] Make()
    {
        var characters = new char[256];
        var next = '\u0100';
        for (var i = 0; i < characters.Length; i++)
            characters[i] = (char)i is (>= '!' and <= '~') or (>= '\u00A1' and <= '\u00AC') or (>= '\u00AE' and <= '\u00FF') ? (char)i : next++;
        return characters;
    }
}
