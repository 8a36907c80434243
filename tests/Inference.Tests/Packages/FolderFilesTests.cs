using System.Text;
using Meridian.Inference.Packages;

namespace Meridian.Inference.Tests.Packages;

/// <summary>Folders that a stranger has filled, with links that lead everywhere.</summary>
public sealed class FolderFilesTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public FolderFilesTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "Links need rights on Windows.");
        Write("secret", "private");
        Write("folder/config.json", "{}");
        Write("folder/deep/graph.onnx", "graph");
    }

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("config.json", "folder/config.json")]
    [InlineData("deep/graph.onnx", "folder/deep/graph.onnx")]
    [InlineData("missing/file", "folder/missing/file")]
    public void A_file_of_the_folder_is_where_it_is(string path, string place) => Assert.Equal(At(place), FolderFiles.Resolve(At("folder"), path));

    [Theory]
    [InlineData("config.json", "folder/config.json")]
    [InlineData("./deep/../config.json", "folder/config.json")]
    [InlineData("deep/graph.onnx", "folder/deep/graph.onnx")]
    public void A_link_inside_of_the_folder_is_followed(string target, string place)
    {
        Link("folder/link", target);
        Link("folder/again", "link");
        Assert.Equal(At(place), FolderFiles.Resolve(At("folder"), "again"));
    }

    [Fact]
    public void The_folder_itself_may_be_a_link()
    {
        Link("named", At("folder"));
        Assert.Equal(At("folder/config.json"), FolderFiles.Resolve(At("named"), "config.json"));
    }

    [Theory]
    [InlineData("../secret", "link")]
    [InlineData("deep/../../secret", "link")]
    [InlineData("/etc/hostname", "link")]
    [InlineData("..", "link/secret")]
    [InlineData("/etc", "link/hostname")]
    public void A_link_that_leads_out_is_refused(string target, string path)
    {
        Link("folder/link", target);
        Link("folder/again", "link");
        foreach (var way in new[] { path, path.Replace("link", "again", StringComparison.Ordinal) })
        {
            var refused = Assert.Throws<ModelPackageException>(() => FolderFiles.Resolve(At("folder"), way));
            Assert.Contains("which lies outside of it", refused.Message, StringComparison.Ordinal);
            Assert.Contains(way, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Links_without_end_are_refused()
    {
        Link("folder/one", "two");
        Link("folder/two", "one");
        Assert.Contains("links without end", Assert.Throws<ModelPackageException>(() => FolderFiles.Resolve(At("folder"), "one")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("/etc/hostname")]
    [InlineData("deep/../config.json")]
    [InlineData("")]
    [InlineData("deep\\graph.onnx")]
    public void A_path_that_may_lead_out_is_refused(string path) => Assert.Throws<ModelPackageException>(() => FolderFiles.Resolve(At("folder"), path));

    [Fact]
    public void A_folder_beside_it_whose_name_begins_alike_is_outside()
    {
        Write("folder-2/file", "other");
        Link("folder/link", "../folder-2/file");
        Assert.Throws<ModelPackageException>(() => FolderFiles.Resolve(At("folder"), "link"));
    }

    [Theory]
    [InlineData("models--acme--tiny", true)]
    [InlineData("downloads", false)]
    public void Links_of_the_hubs_cache_lead_to_its_blobs(string model, bool followed)
    {
        Write($"hub/{model}/blobs/0123", "{}");
        Write("hub/models--acme--other/blobs/4567", "{}");
        Link($"hub/{model}/snapshots/rev/config.json", "../../blobs/0123");
        Link($"hub/{model}/snapshots/rev/onnx/model.onnx", "../../../blobs/0123");
        Link($"hub/{model}/snapshots/rev/other.json", "../../../models--acme--other/blobs/4567");
        var snapshot = At($"hub/{model}/snapshots/rev");
        foreach (var (folder, path) in new[] { (snapshot, "config.json"), (snapshot, "onnx/model.onnx"), (Path.Combine(snapshot, "onnx"), "model.onnx") })
        {
            if (followed)
                Assert.Equal(At($"hub/{model}/blobs/0123"), FolderFiles.Resolve(folder, path));
            else
                Assert.Throws<ModelPackageException>(() => FolderFiles.Resolve(folder, path));
        }

        Assert.Throws<ModelPackageException>(() => FolderFiles.Resolve(snapshot, "other.json"));
    }

    [Fact]
    public async Task Copying_overwrites_nothing()
    {
        Write("target/config.json", "mine");
        await Assert.ThrowsAsync<IOException>(() => CopyAsync("config.json"));
        Assert.Equal("mine", File.ReadAllText(At("target/config.json")));
        await CopyAsync("deep/graph.onnx");
        Assert.Equal("graph", File.ReadAllText(At("target/deep/graph.onnx")));

        Task CopyAsync(string path) => FolderFiles.CopyAsync(At("folder"), path, At("target"), new byte[2], null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_pointer_of_git_lfs_is_told_from_the_file()
    {
        Write("folder/model.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1059\n");
        Assert.Contains("git lfs pull", Assert.Throws<ModelPackageException>(() => FolderFiles.RefusePointer(At("folder"), "model.onnx")).Message, StringComparison.Ordinal);
        FolderFiles.RefusePointer(At("folder"), "config.json");
    }

    [Fact]
    public async Task A_package_in_a_store_is_read_within_its_own_folder()
    {
        var package = await MadePackage.OfAsync(At("folder"), "config.json", "deep/graph.onnx");
        File.Move(At("folder/config.json"), At("config.json"));
        Link("folder/config.json", "../config.json");
        Assert.Contains("which lies outside of it", Assert.Throws<ModelPackageException>(() => package.ReadFile("config.json")).Message, StringComparison.Ordinal);
        Assert.Contains("which lies outside of it", Assert.Throws<ModelPackageException>(() => package.VerifyFile("config.json")).Message, StringComparison.Ordinal);
        Assert.Equal("graph", Encoding.UTF8.GetString(package.ReadFile("deep/graph.onnx")));
    }

    private string At(string path) => Path.Combine(_root.Path, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.CreateSymbolicLink(At(path), target);
    }
}
