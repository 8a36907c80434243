using Meridian.Inference.Decoders;

namespace Meridian.ModelTools.Corpora;

/// <summary>
/// The texts of a teacher on disk, in parts of <see cref="PartTexts"/> texts. A part appears completely or not at all, and depends only on the plan and on its
/// number. So an interrupted run continues with the missing parts, and the result has the same texts as an uninterrupted run.
/// </summary>
public static class Corpus
{
    /// <value>Texts in a part.</value>
    public const int PartTexts = 1024;

    /// <summary>Writes the parts that a directory lacks.</summary>
    /// <param name="directory">The folder of the parts. It is created if it is missing.</param>
    /// <param name="stage">The teacher, with <see cref="CorpusPlan.SideBySide"/> slots.</param>
    /// <param name="plan">The settings of the texts.</param>
    /// <param name="tokens">The least number of tokens. The last part is completed, so there may be more.</param>
    /// <param name="progress">Receives the number of tokens written so far.</param>
    /// <param name="cancellationToken">Ends the writing. Complete parts stay.</param>
    /// <returns>All texts, in order.</returns>
    /// <exception cref="Inference.Packages.ModelPackageException">A part is damaged.</exception>
    public static List<CorpusText> Write(
        string directory, IDecoderStage stage, CorpusPlan plan, long tokens, Action<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentOutOfRangeException.ThrowIfNotEqual(stage.Slots, plan.SideBySide, nameof(stage));
        Directory.CreateDirectory(directory);
        var texts = new List<CorpusText>();
        long done = 0;
        for (var part = 0; done < tokens; part++)
        {
            var path = CorpusPart.PathOf(directory, part);
            var found = File.Exists(path) ? CorpusPart.Read(path, plan) : null;
            if (found is null)
            {
                found = Part(stage, plan, part * PartTexts, done, progress, cancellationToken);
                CorpusPart.Write(path, plan, found);
            }

            foreach (var text in found)
                done += text.Tokens.Length;
            texts.AddRange(found);
            progress?.Invoke(done);
        }

        return texts;
    }

    /// <summary>Lets a model write texts that are not kept on disk.</summary>
    /// <param name="stage">The model.</param>
    /// <param name="plan">The settings of the texts.</param>
    /// <param name="count">Number of texts.</param>
    /// <param name="progress">Receives the number of tokens written so far.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static CorpusText[] Draw(IDecoderStage stage, CorpusPlan plan, int count, Action<long>? progress = null, CancellationToken cancellationToken = default) =>
        Part(stage, plan, 0, 0, progress, cancellationToken, count);

    private static CorpusText[] Part(
        IDecoderStage stage, CorpusPlan plan, int first, long done, Action<long>? progress, CancellationToken cancellationToken, int count = PartTexts)
    {
        var written = new WrittenText[count];
        new SequenceWalk(stage).Run(
            Enumerable.Range(0, count).Select(i => written[i] = new WrittenText(plan, first + i, stage.Shape.Vocabulary)),
            step => progress?.Invoke(done += step),
            cancellationToken);
        return Array.ConvertAll(written, static text => text.Text);
    }
}
