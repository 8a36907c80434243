using Meridian.ModelTools.Output;

namespace Meridian.ModelTools.Tests.Harness;

internal sealed class NoProgress : IStageProgress
{
    public static NoProgress Instance { get; } = new();

    public void Report(string stage, long done, long total, string? note)
    {
    }
}
