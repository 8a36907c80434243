using Meridian.Inference.Engines;
using Meridian.Inference.Tokenization;

namespace Meridian.Inference.Tests.Reference;

public sealed class ReferenceTests(MiniLm model)
{
    private const float Tolerance = 1e-5f;

    [Fact]
    public async Task Vectors_and_ids_equal_those_of_other_implementations_alone_and_batched()
    {
        var texts = VariedTexts.All;
        Assert.Equal(200, texts.Count);
        var reference = await NodeReference.RunAsync(model.Package, texts);
        using var tokenizer = TextTokenizer.Load(model.Package);

        var mistakes = new List<string>();
        var alone = new float[texts.Count][];
        for (var i = 0; i < texts.Count; i++)
        {
            var ids = tokenizer.Cut(tokenizer.Encode(texts[i], model.Engine.MaxTokens).Ids, model.Engine.MaxTokens);
            if (!ids.Select(id => (int)id).SequenceEqual(reference[i].Ids))
                mistakes.Add($"ids of text {i} '{Shown(texts[i])}': ours {string.Join(' ', ids.Take(40))}, theirs {string.Join(' ', reference[i].Ids.Take(40))}");
            alone[i] = (await model.EmbedAsync(texts[i])).Single();
            Compare(alone[i], i, "alone");
        }

        // Three times all texts in random groups, several groups at once, so that calls share batches.
        var random = new Random(7);
        for (var round = 0; round < 3; round++)
        {
            var order = Enumerable.Range(0, texts.Count).ToArray();
            random.Shuffle(order);
            var groups = new List<int[]>();
            for (var at = 0; at < order.Length;)
            {
                var size = Math.Min(random.Next(1, 40), order.Length - at);
                groups.Add(order[at..(at + size)]);
                at += size;
            }

            var vectors = await Task.WhenAll(groups.Select(g => model.EmbedAsync([.. g.Select(i => texts[i])])));
            foreach (var (group, rows) in groups.Zip(vectors))
            {
                foreach (var (index, row) in group.Zip(rows))
                {
                    Compare(row, index, "batched");
                    if (!row.AsSpan().SequenceEqual(alone[index]))
                        mistakes.Add($"text {index} has other bits batched than alone");
                }
            }
        }

        Assert.True(mistakes.Count == 0, $"{mistakes.Count} differences:\n{string.Join('\n', mistakes.Take(50))}");

        void Compare(float[] ours, int index, string how)
        {
            var worst = ours.Zip(reference[index].Vector, (a, b) => Math.Abs(a - b)).Max();
            if (!(worst <= Tolerance))
                mistakes.Add($"text {index} '{Shown(texts[index])}' {how} differs by {worst}");
        }
    }

    [Fact]
    public async Task Related_sentences_are_closer_than_unrelated_ones()
    {
        var vectors = await model.EmbedAsync(
            "How do I reset my password?",
            "I forgot my login and need a new one.",
            "The recipe needs two eggs and some flour.",
            "Bake the cake for forty minutes.");
        Assert.True(Cosine(0, 1) > Cosine(0, 2) + 0.2f);
        Assert.True(Cosine(2, 3) > Cosine(1, 3) + 0.2f);

        float Cosine(int a, int b) => vectors[a].Zip(vectors[b], (x, y) => x * y).Sum();
    }

    [Fact]
    public async Task Token_ids_give_the_vector_of_their_text()
    {
        using var tokenizer = TextTokenizer.Load(model.Package);
        var ids = tokenizer.Encode("Three regions serve as one.", 256).Ids[1..^1].Select(id => (int)id).ToArray();
        var byIds = await model.Engine.EmbedAsync(new EmbeddingWork { TokenIds = [ids] }, TestContext.Current.CancellationToken);
        Assert.Equal((await model.EmbedAsync("Three regions serve as one.")).Single(), MiniLm.Vectors(byIds).Single());
        Assert.Equal(ids.Length + 2, byIds.PromptTokens);
    }

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
