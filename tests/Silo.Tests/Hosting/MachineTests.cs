using System.Net;
using System.Net.Sockets;
using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Reading;
using Meridian.Silo.Hosting;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Tests.Hosting;

public sealed class MachineTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meridian-silo-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Ports_in_use_are_named_with_what_they_are_for_and_the_remedy()
    {
        using var first = Listen();
        using var second = Listen();
        var (one, two) = (Port(first), Port(second));

        var refused = Assert.Throws<StartRefusedException>(() => PortCheck.EnsureFree([new("eastus, facade", one), new("eastus, store", two)]));

        Assert.Contains($"{one} (eastus, facade), {two} (eastus, store)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--ports-from N", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_was_let_go_of_is_free_again()
    {
        int port;
        using (var listener = Listen())
        {
            port = Port(listener);
        }

        PortCheck.EnsureFree([new("test", port)]);
    }

    [Fact]
    public void A_directory_is_held_by_one_process_at_a_time_and_the_holder_is_named()
    {
        using (DirectoryLock.Take(_directory, "x.lock", "A test"))
        {
            var refused = Assert.Throws<StartRefusedException>(() => DirectoryLock.Take(_directory, "x.lock", "A test"));
            Assert.Contains($"A test already runs on '{_directory}' (process {Environment.ProcessId})", refused.Message, StringComparison.Ordinal);
        }

        DirectoryLock.Take(_directory, "x.lock", "A test").Dispose();
    }

    [Fact]
    public void A_region_with_its_own_redis_opens_no_store_port()
    {
        var options = MeridianConfiguration.Read(MeridianConfiguration.Load(null, ["--Meridian:Store:Kind=Redis", "--Meridian:Store:ConnectionString=localhost:6379"], []));

        var ports = PortCheck.PortsOf(RegionPlan.All(options)[0], RegionRoles.All, IntentKind.Raft).Select(port => port.Port);

        Assert.Equal([8081, 8190, 8195, 8194, 8191, 8192], ports);
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
