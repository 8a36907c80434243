
namespace Meridian.ModelTools.Tests.Harness;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("meridian-tools-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
