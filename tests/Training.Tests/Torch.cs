
namespace Meridian.Training.Tests;

internal static class Torch
{
    /// <summary>Skips the test where LibTorch cannot be loaded, with the reason that a user gets.</summary>
    public static void Require()
    {
        if (new TorchBackend().Problem() is { } problem)
            Assert.Skip(problem);
    }
}
