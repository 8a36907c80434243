using Meridian.Inference.Decoders;

namespace Meridian.ModelTools.Corpora;

/// <summary>
/// Texts of a teacher on disk, in parts of <see cref="PartTexts"/>. A part is there whole or not at all and depends on nothing but the plan and its number: writing that
/// was interrupted goes on with the parts that are missing and ends with the same texts.
/// </summary>
public static class Corpus
{
    /// <value>Texts in a part.</value>
    public const int PartTexts = 1024;

    /// <summary>Writes the parts that a directory lacks.</summary>
    /// <param name="directory">Made where it is missing.</param>
    /// <param name="stage">The teacher, with <see cref="CorpusPlan.SideBySide"/> slots.</param>
    /// <param name="plan">How it writes.</param>
    /// <param name="tokens">As many, or the rest of the part more.</param>
    /// <param name="progress">Told tokens written so far.</param>
    /// <param name="cancellationToken">Ends it; whole parts stay.</param>
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
    /// <param name="plan">How it writes.</param>
    /// <param name="count">Texts.</param>
    /// <param name="progress">Told tokens written so far.</param>
    /// <param name="cancellationToken">Ends it.</param>
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
