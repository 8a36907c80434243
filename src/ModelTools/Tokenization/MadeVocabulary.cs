namespace Meridian.ModelTools.Tokenization;

/// <summary>
/// The vocabulary of a made model: special tokens, the 256 bytes, and merges up to the size of the vocabulary. The merges build frequent English words letter by
/// letter, with and without a space before them, and then words of random syllables. The same size always gives the same vocabulary. A smaller vocabulary is the
/// beginning of a larger one.
/// </summary>
public sealed class MadeVocabulary
{
    public const string Pad = "<|pad|>";
    public const string Bos = "<|begin_of_text|>";
    public const string Eos = "<|end_of_text|>";
    public const string TurnStart = "<|im_start|>";
    public const string TurnEnd = "<|im_end|>";

    /// <value>Special tokens. The id of a token is its index.</value>
    public static readonly IReadOnlyList<string> Special = [Pad, Bos, Eos, TurnStart, TurnEnd];

    /// <value>Smallest size of a byte-level vocabulary with the special tokens.</value>
    public static readonly int Smallest = Special.Count + 256;

    private const char Space = '\u0120';

    private static readonly string[] Words =
        ("the of and to in a is that it was for on are as with his they at be this have from or one had by word but not what all were we when your can said there use an each which she do how their if "
         + "will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people my than first water been call who oil its now "
         + "find long down day did get come made may part over new sound take only little work know place year live me back give most very after thing our just name good sentence man think say great where "
         + "help through much before line right too mean old any same tell boy follow came want show also around form three small set put end does another well large must big even such because turn here why "
         + "ask went men read need land different home us move try kind hand picture again change off play spell air away animal house point page letter mother answer found study still learn should world high "
         + "every near add food between own below country plant last school father keep tree never start city earth eye light thought head under story saw left late run while close night real life few north open "
         + "seem together next white children begin got walk example ease paper group always music those both mark often until mile river car feet care second book carry took science eat room friend began idea "
         + "fish mountain stop once base hear horse cut sure watch color face wood main enough plain girl usual young ready above ever red list though feel talk bird soon body dog family direct pose leave song "
         + "measure door product black short class wind question happen complete ship area half rock order fire south problem piece told knew pass since top whole king space heard best hour better true during "
         + "hundred five remember step early hold west ground interest reach fast verb sing listen six table travel less morning ten simple several vowel toward war lay against pattern slow center love person "
         + "money serve appear road map rain rule govern pull cold notice voice unit power town fine certain fly fall lead cry dark machine note wait plan figure star box noun field rest correct able pound done "
         + "beauty drive stood contain front teach week final gave green quick develop ocean warm free minute strong special mind behind clear tail produce fact street inch multiply nothing course stay wheel full "
         + "force blue object decide surface deep moon island foot system busy test record boat common gold possible plane stead dry wonder laugh thousand ago ran check game shape equate hot miss brought heat snow "
         + "tire bring yes distant fill east paint language among model region token server cluster request answer").Split(' ');

    private MadeVocabulary(IReadOnlyList<string> tokens, IReadOnlyList<(string Left, string Right)> merges) => (Tokens, Merges) = (tokens, merges);

    /// <value>Tokens as the tokenizer's file spells them. The id of a token is its index.</value>
    public IReadOnlyList<string> Tokens { get; }

    /// <value>Merges in the order in which they are applied.</value>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <exception cref="ArgumentOutOfRangeException">Smaller than <see cref="Smallest"/>.</exception>
    public static MadeVocabulary Make(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, Smallest);
        var tokens = new List<string>(size);
        tokens.AddRange(Special);
        for (var i = 0; i < 256; i++)
            tokens.Add(ByteAlphabet.Of((byte)i).ToString());
        var known = new HashSet<string>(tokens, StringComparer.Ordinal);
        var merges = new List<(string, string)>(size - tokens.Count);
        foreach (var word in Words.Select(w => Space + w).Concat(Words).Concat(Syllables()))
        {
            for (var length = 2; length <= word.Length && tokens.Count < size; length++)
            {
                var token = word[..length];
                if (!known.Add(token))
                    continue;
                tokens.Add(token);
                merges.Add((word[..(length - 1)], word[(length - 1)..length]));
            }

            if (tokens.Count == size)
                break;
        }

        return new MadeVocabulary(tokens, merges);
    }

    // Words of two syllables, then of three, and so on without end.
    private static IEnumerable<string> Syllables()
    {
        const string Consonants = "tnsrldmkpbgvfhwjzcyqx";
        const string Vowels = "eaoiu";
        var one = (from c in Consonants from v in Vowels select $"{c}{v}").ToArray();
        for (var parts = 2; ; parts++)
        {
            var counts = new int[parts];
            do
                yield return Space + string.Concat(counts.Select(c => one[c]));
            while (Next(counts));
        }

        bool Next(int[] counts)
        {
            for (var i = counts.Length - 1; i >= 0; i--)
            {
                if (++counts[i] < one.Length)
                    return true;
                counts[i] = 0;
            }

            return false;
        }
    }
}
