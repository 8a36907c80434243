using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meridian.Inference.Packages;
using Meridian.Inference.Packages.Store;
using Meridian.Silo.Sources;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Meridian.Silo.Tests.Configuration;

/// <summary>Packages that somebody else has made.</summary>
public sealed class DirectorySourceTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("../../../../PWNED")]
    [InlineData("deep/../../PWNED")]
    [InlineData("/PWNED")]
    [InlineData("manifest.json")]
    public async Task Paths_are_checked_before_anything_is_copied(string path)
    {
        // As deep as a store's temporary folder, so that the way up from both leads to the same places.
        var package = Directory.CreateDirectory(Path.Combine(_directory, "a/b/c/d/pkg")).FullName;
        var (mine, theirs) = (Path.Combine(_directory, "PWNED"), Path.Combine(_directory, "a/PWNED"));
        await File.WriteAllTextAsync(mine, "mine", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(theirs, "theirs", TestContext.Current.CancellationToken);
        Manifest(package, (path, "theirs"));

        var refused = await Assert.ThrowsAsync<ModelPackageException>(() => InstallAsync(package));

        Assert.Contains($"files[0].path '{path}'", refused.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(mine, TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(Path.Combine(_directory, "data/models/evil")));
    }

    [Fact]
    public async Task A_link_out_of_the_package_is_not_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        var package = Directory.CreateDirectory(Path.Combine(_directory, "pkg")).FullName;
        await File.WriteAllTextAsync(Path.Combine(_directory, "secret"), "private", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(package, "m"), "../secret");
        Manifest(package, ("m", "private"));

        var refused = await Assert.ThrowsAsync<ModelPackageException>(() => InstallAsync(package));

        Assert.Contains("which lies outside of it", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_directory, "data/models/evil/v1")));
    }

    [Fact]
    public async Task A_sound_package_is_installed()
    {
        var package = Directory.CreateDirectory(Path.Combine(_directory, "pkg")).FullName;
        Directory.CreateDirectory(Path.Combine(package, "deep"));
        await File.WriteAllTextAsync(Path.Combine(package, "deep/m"), "graph", TestContext.Current.CancellationToken);
        Manifest(package, ("deep/m", "graph"));

        var installed = await InstallAsync(package);

        Assert.Equal("graph", Encoding.UTF8.GetString(installed.ReadFile("deep/m")));
    }

    private Task<ModelPackage> InstallAsync(string package)
    {
        var store = new ModelStore(Options.Create(new ModelStoreOptions { Root = Path.Combine(_directory, "data/models") }), TimeProvider.System, NullLogger<ModelStore>.Instance);
        return Task.Run(() => store.InstallAsync(new DirectorySource("evil", package), TestContext.Current.CancellationToken));
    }

    private static void Manifest(string package, params (string Path, string Content)[] files)
    {
        var manifest = new ModelManifest
        {
            Name = "evil",
            Version = "v1",
            Variant = "fp32",
            Kind = "generation",
            OwnedBy = "x",
            Graph = files[0].Path,
            Files = [.. files.Select(f => new ModelFile(f.Path, f.Content.Length, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(f.Content)))))],
        };
        File.WriteAllText(Path.Combine(package, "manifest.json"), JsonSerializer.Serialize(manifest, JsonSerializerOptions.Web));
    }
}
