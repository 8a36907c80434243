using System.Text;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Packages;

public sealed class ModelPackageTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_sound_file_is_returned_whole()
    {
        var package = await InstallAsync();
        Assert.Equal("not a graph, but bytes with a hash", Encoding.UTF8.GetString(package.ReadFile("graph.onnx")));
        package.VerifyFile("deep/er/tokenizer.json");
    }

    [Theory]
    [InlineData("graph.onnx")]
    [InlineData("deep/er/tokenizer.json")]
    public async Task A_flipped_bit_is_refused_with_both_hashes_and_the_remedy(string file)
    {
        var package = await InstallAsync();
        var path = Path.Combine(package.Directory, file);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            Check(Assert.Throws<ModelPackageException>(() => package.ReadFile(file)));
            Check(Assert.Throws<ModelPackageException>(() => package.VerifyFile(file)));
            bytes[i] ^= 1;
        }

        void Check(ModelPackageException e)
        {
            Assert.Equal(path, e.Subject);
            Assert.Contains(package.Manifest.Files.Single(f => f.Path == file).Sha256, e.Message, StringComparison.Ordinal);
            Assert.Contains("has SHA-256", e.Message, StringComparison.Ordinal);
            Assert.Contains($"Delete '{package.Directory}'", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_cut_short_grown_or_gone_is_refused()
    {
        var package = await InstallAsync();
        var path = Path.Combine(package.Directory, "graph.onnx");
        await File.AppendAllTextAsync(path, "!", TestContext.Current.CancellationToken);
        Assert.Contains("has 35 bytes, its manifest says 34", Assert.Throws<ModelPackageException>(() => package.ReadFile("graph.onnx")).Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
        Assert.Contains("has 0 bytes", Assert.Throws<ModelPackageException>(() => package.ReadFile("graph.onnx")).Message, StringComparison.Ordinal);
        File.Delete(path);
        Assert.Contains("is missing", Assert.Throws<ModelPackageException>(() => package.ReadFile("graph.onnx")).Message, StringComparison.Ordinal);
        Assert.Contains("no file 'other'", Assert.Throws<ModelPackageException>(() => package.ReadFile("other")).Message, StringComparison.Ordinal);
    }

    private Task<ModelPackage> InstallAsync() => MiniLm.StoreIn(_root.Path).InstallAsync(new FakeSource(), CancellationToken.None);
}
