namespace Meridian.TestModules;

/// <summary>The right of a test module to run now. Its end gives it back.</summary>
/// <param name="files">Locked files.</param>
public sealed class ModuleLease(IReadOnlyList<FileStream> files) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        foreach (var file in files) await file.DisposeAsync();
    }
}
