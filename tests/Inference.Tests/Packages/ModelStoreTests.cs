using Meridian.Inference.Packages;
using Meridian.Inference.Packages.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Meridian.Inference.Tests.Packages;

public sealed class ModelStoreTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly ModelStore _store;

    public ModelStoreTests() => _store = MiniLm.StoreIn(_root.Path);

    private string ModelDirectory => Path.Combine(_root.Path, "fake");

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task An_installed_package_lies_where_its_name_says_and_opens_again()
    {
        var installed = await _store.InstallAsync(new FakeSource(), CancellationToken.None);
        Assert.Equal(Path.Combine(_root.Path, "fake", "v1@00000001", "fp32"), installed.Directory);

        foreach (var package in new[] { _store.Open("fake"), _store.Open("fake", "v1@00000001"), _store.Open("fake", null, "fp32"), _store.Open("fake", "v1@00000001", "fp32") })
        {
            Assert.Equal(installed.Directory, package.Directory);
            Assert.Equal(installed.Manifest.Files, package.Manifest.Files);
            Assert.Equal(installed.Manifest with { Files = [] }, package.Manifest with { Files = [] });
        }
    }

    [Fact]
    public async Task Installing_again_writes_nothing()
    {
        var source = new FakeSource();
        await _store.InstallAsync(source, CancellationToken.None);
        await MiniLm.StoreIn(_root.Path).InstallAsync(source, CancellationToken.None);
        Assert.Equal(1, source.Writes);
    }

    [Fact]
    public async Task A_source_that_does_not_know_its_version_takes_what_is_there()
    {
        var source = new FakeSource { KnownVersion = null };
        var first = await _store.InstallAsync(source, CancellationToken.None);
        var second = await _store.InstallAsync(source, CancellationToken.None);
        Assert.Equal(2, source.Writes);
        Assert.Equal(first.Directory, second.Directory);
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task Concurrent_installations_write_once_and_all_get_the_package()
    {
        var source = new FakeSource();
        var packages = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => MiniLm.StoreIn(_root.Path).InstallAsync(source, CancellationToken.None))));
        Assert.Equal(1, source.Writes);
        Assert.Single(packages.Select(p => p.Directory).Distinct());
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task What_an_interrupted_installation_left_is_removed_by_the_next()
    {
        var leftover = Path.Combine(ModelDirectory, ".installing-0123");
        Directory.CreateDirectory(leftover);
        await File.WriteAllTextAsync(Path.Combine(leftover, "graph.onnx"), "half", TestContext.Current.CancellationToken);
        Assert.Throws<ModelPackageException>(() => _store.Open("fake"));

        await _store.InstallAsync(new FakeSource(), CancellationToken.None);
        Assert.Empty(Leftovers());
        Assert.Equal("fake", _store.Open("fake").Manifest.Name);
    }

    [Fact]
    public async Task A_failing_source_leaves_nothing_and_the_next_try_succeeds()
    {
        var failing = new FakeSource { AfterFiles = _ => throw new InvalidOperationException("the source broke") };
        await Assert.ThrowsAsync<InvalidOperationException>(() => _store.InstallAsync(failing, CancellationToken.None));
        Assert.Empty(Leftovers());
        await _store.InstallAsync(new FakeSource(), CancellationToken.None);
    }

    [Fact]
    public async Task A_full_disk_is_named_with_the_room_there_is_and_leaves_nothing()
    {
        const int noSpace = 28;
        var full = new FakeSource { AfterFiles = _ => throw new IOException("No space left on device", noSpace) };
        var e = await Assert.ThrowsAsync<ModelPackageException>(() => _store.InstallAsync(full, CancellationToken.None));
        Assert.Contains("No space left on device", e.Message, StringComparison.Ordinal);
        Assert.Contains(_root.Path, e.Message, StringComparison.Ordinal);
        Assert.Contains("MiB free", e.Message, StringComparison.Ordinal);
        Assert.Contains("ModelStoreOptions.Root", e.Message, StringComparison.Ordinal);
        Assert.Empty(Leftovers());
        Assert.False(Directory.Exists(Path.Combine(ModelDirectory, "v1@00000001")));
    }

    [Fact]
    public async Task Cancellation_while_another_process_installs_is_heeded()
    {
        var locks = Directory.CreateDirectory(Path.Combine(_root.Path, ".locks")).FullName;
        await using var held = new FileStream(Path.Combine(locks, "fake.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        using var cancellation = new CancellationTokenSource();
        var install = _store.InstallAsync(new FakeSource(), cancellation.Token);
        Assert.False(install.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => install);
    }

    [Fact]
    public async Task What_arrives_otherwise_than_announced_is_refused_whole()
    {
        var damaged = new FakeSource
        {
            AfterFiles = async d =>
            {
                await File.AppendAllTextAsync(Path.Combine(d, "graph.onnx"), "!");
                await File.WriteAllTextAsync(Path.Combine(d, "stray.txt"), "?");
            },
            Change = m => m with { Files = [.. m.Files, new ModelFile("absent.bin", 1, new string('0', 64))] },
        };
        var e = await Assert.ThrowsAsync<ModelPackageException>(() => _store.InstallAsync(damaged, CancellationToken.None));
        Assert.Contains("'graph.onnx' arrived with 35 bytes", e.Message, StringComparison.Ordinal);
        Assert.Contains("'stray.txt' was written but is not among files", e.Message, StringComparison.Ordinal);
        Assert.Contains("'absent.bin' is among files but was not written", e.Message, StringComparison.Ordinal);
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task A_source_must_keep_the_name_and_version_it_announces()
    {
        var other = new FakeSource { Change = m => m with { Name = "other", Version = "v2" } };
        var e = await Assert.ThrowsAsync<ModelPackageException>(() => _store.InstallAsync(other, CancellationToken.None));
        Assert.Contains("name 'other' differs", e.Message, StringComparison.Ordinal);
        Assert.Contains("version 'v2' differs", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_of_several_versions_opens_when_none_is_named()
    {
        var old = await _store.InstallAsync(new FakeSource(), CancellationToken.None);
        var young = await _store.InstallAsync(new FakeSource { KnownVersion = "v0", Change = m => m with { Version = "v0" } }, CancellationToken.None);
        File.SetLastWriteTimeUtc(Path.Combine(old.Directory, "manifest.json"), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(Path.Combine(young.Directory, "manifest.json"), new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal("v0", _store.Open("fake").Manifest.Version);
        Assert.Equal("v1@00000001", _store.Open("fake", "v1@00000001").Manifest.Version);
    }

    [Fact]
    public async Task A_missing_model_is_told_with_what_is_there()
    {
        Assert.Contains("installed are no models", Assert.Throws<ModelPackageException>(() => _store.Open("fake")).Message, StringComparison.Ordinal);
        await _store.InstallAsync(new FakeSource(), CancellationToken.None);
        Assert.Contains("'fake'", Assert.Throws<ModelPackageException>(() => _store.Open("other")).Message, StringComparison.Ordinal);
        Assert.Contains("'fake/v1@00000001/fp32'", Assert.Throws<ModelPackageException>(() => _store.Open("fake", "v9")).Message, StringComparison.Ordinal);
        Assert.Throws<ModelPackageException>(() => _store.Open("fake", "v1@00000001", "int8"));
    }

    [Theory]
    [InlineData("..", null, null)]
    [InlineData("a/b", null, null)]
    [InlineData("", null, null)]
    [InlineData("fake", "../..", null)]
    [InlineData("fake", "v1@00000001", "..")]
    [InlineData("/etc", null, null)]
    public void Names_cannot_leave_the_store(string name, string? version, string? variant) =>
        Assert.Contains("cannot name a model", Assert.Throws<ModelPackageException>(() => _store.Open(name, version, variant)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{ not json", "is not readable")]
    [InlineData("null", "says null")]
    [InlineData("{}", "is not readable")]
    [InlineData("""{"name":null,"version":"v1@00000001","variant":"fp32","kind":"embedding","ownedBy":"x","graph":"g","files":null}""", "files is empty")]
    [InlineData("""{"name":"other","version":"v7","variant":"int8","kind":"embedding","ownedBy":"x","graph":"g","files":[{"path":"g","size":1,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}]}""", "differs from its directory 'fp32'")]
    public async Task A_damaged_manifest_is_named_with_its_mistakes_and_the_remedy(string manifest, string expected)
    {
        var package = await _store.InstallAsync(new FakeSource(), CancellationToken.None);
        var path = Path.Combine(package.Directory, "manifest.json");
        await File.WriteAllTextAsync(path, manifest, TestContext.Current.CancellationToken);
        var e = Assert.Throws<ModelPackageException>(() => _store.Open("fake"));
        Assert.Equal(path, e.Subject);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains($"Delete '{package.Directory}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_manifest_is_told()
    {
        var package = await _store.InstallAsync(new FakeSource(), CancellationToken.None);
        File.Delete(Path.Combine(package.Directory, "manifest.json"));
        Assert.Contains("is missing", Assert.Throws<ModelPackageException>(() => _store.Open("fake")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_are_checked_when_the_host_starts()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMeridianInference(o => o.Root = " ");
        using var host = builder.Build();
        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("ModelStoreOptions.Root", e.Message, StringComparison.Ordinal);
    }

    private string[] Leftovers() => Directory.Exists(ModelDirectory) ? Directory.GetDirectories(ModelDirectory, ".installing-*") : [];
}
