using System.Globalization;
using Microsoft.Extensions.AI;

namespace Meridian.Samples.Embeddings;

/// <summary>Three sentences, and how alike they are.</summary>
internal static class Similarity
{
    private static readonly string[] Sentences =
    [
        "A cat sleeps on the warm windowsill.",
        "The kitten naps in the sun by the window.",
        "Quarterly revenue grew by four percent.",
    ];

    public static async Task PrintAsync(IEmbeddingGenerator<string, Embedding<float>> generator, CancellationToken cancellationToken)
    {
        var embeddings = await generator.GenerateAsync(Sentences, cancellationToken: cancellationToken);
        for (var i = 0; i < Sentences.Length; i++)
            Console.WriteLine($"{i + 1}  {Sentences[i]}");
        Console.WriteLine();
        Console.WriteLine("        1      2      3");
        for (var i = 0; i < Sentences.Length; i++)
        {
            Console.Write($"{i + 1}  ");
            for (var j = 0; j < Sentences.Length; j++)
                Console.Write(Cosine(embeddings[i].Vector.Span, embeddings[j].Vector.Span).ToString("0.000", CultureInfo.InvariantCulture).PadLeft(7));
            Console.WriteLine();
        }

        Console.WriteLine();
        Console.WriteLine(
            $"{embeddings[0].Vector.Length} dimensions, {embeddings.Usage?.InputTokenCount} tokens, served by {embeddings.AdditionalProperties?["region"]}, version {embeddings.AdditionalProperties?["version"]}");
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += a[i] * b[i];
            aa += a[i] * a[i];
            bb += b[i] * b[i];
        }

        return dot / Math.Sqrt(aa * bb);
    }
}
