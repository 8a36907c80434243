using Meridian.Inference.Decoders;
using Meridian.Inference.Decoders.Contract;
using Meridian.Inference.Packages;
using Microsoft.ML.OnnxRuntime;

namespace Meridian.ModelTools.Commands;

/// <summary>Computes one token: what only shows when a graph runs is found before a region finds it.</summary>
internal static class TrialRun
{
    /// <exception cref="ModelPackageException">The graph cannot be loaded or run, or its logits are not finite numbers.</exception>
    public static DecoderShape Of(ModelPackage package)
    {
        var path = Path.Combine(package.Directory, package.Manifest.Graph);
        try
        {
            using var stage = OnnxDecoderStage.Load(package, new DecoderStageOptions { Slots = 1 });
            var logits = new float[stage.Shape.Vocabulary];
            stage.Forward([new DecoderRow(0, 0, 0, 1, WantsLogits: true)], [Math.Clamp(stage.Config.BeginId ?? 0, 0, stage.Shape.Vocabulary - 1)], logits);
            return Array.TrueForAll(logits, float.IsFinite)
                ? stage.Shape
                : throw new ModelPackageException(path, $"'{path}' gives logits that are no finite numbers: its weights are damaged, or do not bear this precision. Copy or export it again.");
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelPackageException(path, $"'{path}' cannot be run: {e.Message} Copy or export it again.", e);
        }
    }
}
