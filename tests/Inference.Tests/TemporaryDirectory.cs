
namespace Meridian.Inference.Tests;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("meridian-inference-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
