using Meridian.Messages;

namespace Meridian.Federation.Tests;

/// <summary>Text that depends on nothing but choice and position, as a model's does with a fixed seed: what regions that serve the same version would generate.</summary>
/// <param name="lengths">Tokens of each choice, at least one.</param>
internal sealed class ScriptedText(params int[] lengths)
{
    public static int[][] PromptIds => [[7, 8, 9]];

    public int Choices => lengths.Length;

    public static int Id(int choice, int position) => (choice * 1000) + position;

    public static string Piece(int choice, int position) => $"{choice}:{position} ";

    public static FinishReason Finish(int choice) => choice % 2 == 0 ? FinishReason.Stop : FinishReason.Length;

    public int[] Ids(int choice) => [.. Enumerable.Range(0, lengths[choice]).Select(p => Id(choice, p))];

    public string Text(int choice) => string.Concat(Enumerable.Range(0, lengths[choice]).Select(p => Piece(choice, p)));

    /// <summary>The frames of a stream from where its choices stand, cut at random; each has a token at least.</summary>
    public IEnumerable<StreamFrame> Frames(GenerationInput input, Random random)
    {
        var stands = new SortedDictionary<int, int>();
        if (input.Resume is { } resume)
        {
            foreach (var choice in resume)
            {
                Assert.Equal(Ids(choice.Choice)[..choice.TokenIds.Length], choice.TokenIds);
                stands.Add(choice.Choice, choice.TokenIds.Length);
            }
        }
        else
        {
            for (var i = 0; i < lengths.Length; i++) stands.Add(i, 0);
        }

        long offset = 0;
        while (stands.Count > 0)
        {
            var groups = new List<TokenGroup>();
            var sure = stands.Keys.ElementAt(random.Next(stands.Count));
            foreach (var (choice, position) in stands.ToArray())
            {
                if (choice != sure && random.Next(2) == 0) continue;
                var tokens = Math.Min(1 + random.Next(3), lengths[choice] - position);
                var done = position + tokens == lengths[choice];
                groups.Add(new TokenGroup
                {
                    Choice = choice,
                    Position = position,
                    TokenIds = Ids(choice)[position..(position + tokens)],
                    Text = string.Concat(Enumerable.Range(position, tokens).Select(p => Piece(choice, p))),
                    Finish = done ? Finish(choice) : null,
                });
                if (done) stands.Remove(choice);
                else stands[choice] = position + tokens;
            }

            var next = offset + groups.Sum(g => g.TokenIds.Length);
            yield return new StreamFrame { Offset = offset, Next = next, Groups = [.. groups], End = stands.Count == 0 };
            offset = next;
        }
    }
}
