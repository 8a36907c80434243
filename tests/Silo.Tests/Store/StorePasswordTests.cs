using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Meridian.Silo.Store;
using StackExchange.Redis;

namespace Meridian.Silo.Tests.Store;

/// <summary>The embedded store listens where pages in a browser and other users of the machine can connect.</summary>
[Collection(Processes.SiloProcess.Collection)]
public sealed class StorePasswordTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Commands_in_the_body_of_an_HTTP_request_are_refused()
    {
        await using var store = await RunningStore.StartAsync(_data);
        await store.Database.StringSetAsync("kept", "yes");

        foreach (var command in new[] { "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$3\r\npwn\r\n", "*1\r\n$8\r\nFLUSHALL\r\n", "*3\r\n$4\r\nEVAL\r\n$36\r\nreturn redis.call('SET', 'x', 'pwn2')\r\n$1\r\n0\r\n" })
        {
            var request = $"POST / HTTP/1.1\r\nHost: 127.0.0.1:{store.Plan.StorePort}\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\nOrigin: https://evil.example\r\n"
                + $"Sec-Fetch-Site: cross-site\r\nContent-Length: {command.Length}\r\n\r\n{command}";
            var answer = await SendAsync(store.Plan.StorePort, request);
            Assert.DoesNotContain("+OK", answer, StringComparison.Ordinal);
        }

        Assert.Equal("yes", (string?)await store.Database.StringGetAsync("kept"));
        Assert.False(await store.Database.KeyExistsAsync("x"));
    }

    [Fact]
    public async Task A_connection_without_the_password_is_refused()
    {
        await using var store = await RunningStore.StartAsync(_data);

        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{store.Plan.StorePort},connectRetry=1"));
        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{store.Plan.StorePort},connectRetry=1,password=guess"));
    }

    [Fact]
    public async Task The_password_is_one_for_all_processes_and_for_its_user_alone()
    {
        // Often, for the moment in which one process writes over the password of another is short.
        for (var start = 0; start < 200; start++)
        {
            var file = Path.Combine(_data, start.ToString(CultureInfo.InvariantCulture), "store", "password");
            using var together = new Barrier(8);

            var passwords = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait();
                    return StorePassword.ReadOrCreate(file);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));

            Assert.Single(passwords.Distinct());
            Assert.Equal(64, passwords[0].Length);
            Assert.Equal([file], Directory.GetFileSystemEntries(Path.GetDirectoryName(file)!));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
            }
        }
    }

    private static async Task<string> SendAsync(int port, string request)
    {
        using var client = new TcpClient("127.0.0.1", port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        client.Client.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        try
        {
            return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            return "";
        }
    }
}
