using System.Text.Json;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Tests.Dev;

public sealed class DevStateFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_file_has_the_documented_shape()
    {
        var file = new DevStateFile(_directory);

        file.Write(new DevState(5, new DevFrontDoor(7, "http://127.0.0.1:8080"), [new DevRegion("eastus", null, "http://127.0.0.1:8081")]));

        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_directory, "dev.json")));
        Assert.Equal(5, json.RootElement.GetProperty("supervisor").GetInt32());
        Assert.Equal(7, json.RootElement.GetProperty("frontDoor").GetProperty("pid").GetInt32());
        Assert.Equal("http://127.0.0.1:8080", json.RootElement.GetProperty("frontDoor").GetProperty("url").GetString());
        var region = json.RootElement.GetProperty("regions")[0];
        Assert.Equal("eastus", region.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, region.GetProperty("pid").ValueKind);
        Assert.Equal("http://127.0.0.1:8081", region.GetProperty("url").GetString());
    }

    [Fact]
    public void The_file_of_a_supervisor_that_is_gone_is_removed_by_a_child_and_that_of_one_that_lives_is_not()
    {
        var file = new DevStateFile(_directory);
        file.Write(State(0));
        using (DirectoryLock.Take(_directory, DevStateFile.LockName, "A supervisor"))
        {
            DevStateFile.DeleteOrphaned(_directory);
            Assert.True(File.Exists(file.Path));
        }

        DevStateFile.DeleteOrphaned(_directory);
        Assert.False(File.Exists(file.Path));
    }

    [Fact]
    public async Task A_reader_never_sees_a_part_of_the_file()
    {
        var file = new DevStateFile(_directory);
        file.Write(State(0));
        using var written = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var reads = 0;
            do
            {
                using var json = JsonDocument.Parse(File.ReadAllBytes(file.Path));
                Assert.Equal(20, json.RootElement.GetProperty("regions").GetArrayLength());
                reads++;
            }
            while (!written.IsCancellationRequested);

            return reads;
        });

        for (var i = 1; i <= 500; i++)
        {
            file.Write(State(i));
        }

        await written.CancelAsync();
        Assert.True(await reader > 0);
        Assert.Equal([file.Path], Directory.GetFiles(_directory));
        file.Delete();
        Assert.Empty(Directory.GetFiles(_directory));
    }

    private static DevState State(int pid) =>
        new(5, new DevFrontDoor(pid, "http://127.0.0.1:1"), [.. Enumerable.Range(0, 20).Select(i => new DevRegion($"region-{i}", pid, new string('u', pid % 97)))]);
}
