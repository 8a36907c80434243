using System.Net;
using System.Text;
using Meridian.Errors;
using Meridian.Gateway.Admin.Draining;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Grains.Draining;
using Meridian.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Admin;

public sealed class DrainTests
{
    private static readonly Uri Drain = new("/admin/api/drain", UriKind.Relative);

    [Fact]
    public async Task A_front_door_says_whom_to_ask()
    {
        await using var host = await GatewayHost.StartAsync();
        using var get = await host.Client.GetAsync(Drain);
        await get.ErrorAsync(404, "ask_region");
        using var content = new StringContent("""{"scope":"region"}""", Encoding.UTF8, "application/json");
        using var post = await host.Client.PostAsync(Drain, content);
        Assert.Contains("eastus at http://127.0.0.1:8081/", (string)(await post.ErrorAsync(404, "ask_region"))["message"]!, StringComparison.Ordinal);
        using var delete = await host.Client.DeleteAsync(Drain);
        await delete.ErrorAsync(404, "ask_region");
    }

    [Fact]
    public async Task The_drains_and_what_runs_are_told()
    {
        var draining = new DrainingDouble();
        await using var host = await StartAsync(draining);
        Assert.Equal("""{"region":"eastus","state":"open","running":{"embeddings":0,"conversions":0,"streams":0,"replicas":0},"drains":[],"silos":[]}""", await host.Client.GetStringAsync(Drain));

        var silo = SiloAddress.New(IPEndPoint.Parse("127.0.0.1:8111"), 7);
        draining.Overview = new DrainOverview
        {
            Revision = 9,
            Drains =
            [
                Report(DrainTarget.Region, DrainState.Draining, new WorkCount(1, 2, 3, 1)),
                Report(new DrainTarget { Scope = DrainScope.Silo, Silo = silo.ToParsableString() }, DrainState.Empty, default),
                Report(new DrainTarget { Scope = DrainScope.Replica, Model = "minilm", Replica = 4 }, DrainState.Empty, default),
            ],
            Silos = [new SiloWork { Silo = silo, KnownRevision = 9, Shards = [new ShardWork { Key = "minilm/v2/fp32/0/0", Work = new WorkCount(1, 2, 3, 1) }] }],
        };
        const string Rest = "\"since\":\"2026-01-02T03:04:05+00:00\",\"deadline\":\"2026-01-02T03:04:35+00:00\",\"by\":\"ops\",\"reason\":\"kernel\",\"sticky\":false,\"running\":";
        const string Nothing = "{\"embeddings\":0,\"conversions\":0,\"streams\":0,\"replicas\":0}";
        const string Work = "{\"embeddings\":1,\"conversions\":2,\"streams\":3,\"replicas\":1}";
        Assert.Equal(
            $$"""{"region":"eastus","state":"draining","running":{{Work}},"drains":[{"scope":"region","state":"draining",{{Rest}}{{Work}},"unheard":0},{"scope":"silo","silo":"127.0.0.1:8111","state":"empty",{{Rest}}{{Nothing}},"unheard":0},{"scope":"replica","model":"minilm","replica":4,"state":"empty",{{Rest}}{{Nothing}},"unheard":0}],"silos":[{"silo":"127.0.0.1:8111","running":{{Work}},"replicas":["minilm/v2/fp32/0/0"]}]}""",
            await host.Client.GetStringAsync(Drain));
    }

    [Fact]
    public async Task An_order_is_passed_on_whole()
    {
        var draining = new DrainingDouble();
        await using var host = await StartAsync(draining);
        using var region = await PostAsync(host, """{"scope":"region","deadline_seconds":5,"reason":"kernel","sticky":true}""");
        Assert.Equal(HttpStatusCode.OK, region.StatusCode);
        Assert.Equal(new DrainOrder { Target = DrainTarget.Region, DeadlineSeconds = 5, Reason = "kernel", By = "default", Sticky = true }, draining.Order);

        using var silo = await PostAsync(host, """{"scope":"silo","silo":"127.0.0.1:8111"}""");
        Assert.Equal(new DrainOrder { Target = new DrainTarget { Scope = DrainScope.Silo, Silo = "127.0.0.1:8111" }, By = "default" }, draining.Order);

        using var replica = await PostAsync(host, """{"scope":"replica","model":"minilm","replica":2}""");
        Assert.Equal(new DrainTarget { Scope = DrainScope.Replica, Model = "minilm", Replica = 2 }, draining.Order!.Target);

        using var open = await host.Client.DeleteAsync(Drain);
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
        Assert.Equal(DrainTarget.Region, draining.Ended);
        using var one = await host.Client.DeleteAsync(new Uri("/admin/api/drain?scope=replica&model=minilm&replica=2", UriKind.Relative));
        Assert.Equal(new DrainTarget { Scope = DrainScope.Replica, Model = "minilm", Replica = 2 }, draining.Ended);
    }

    [Theory]
    [InlineData("", "invalid_json", null)]
    [InlineData("null", "invalid_json", null)]
    [InlineData("{", "invalid_json", null)]
    [InlineData("{}", "missing_required_parameter", "scope")]
    [InlineData("""{"scope":"planet"}""", "invalid_value", "scope")]
    [InlineData("""{"scope":1}""", "invalid_type", "scope")]
    [InlineData("""{"scope":"silo"}""", "missing_required_parameter", "silo")]
    [InlineData("""{"scope":"silo","silo":"a","model":"b"}""", "invalid_value", "model")]
    [InlineData("""{"scope":"region","silo":"a"}""", "invalid_value", "silo")]
    [InlineData("""{"scope":"replica","replica":1}""", "missing_required_parameter", "model")]
    [InlineData("""{"scope":"replica","model":"m"}""", "missing_required_parameter", "replica")]
    [InlineData("""{"scope":"replica","model":"m","replica":-1}""", "invalid_value", "replica")]
    [InlineData("""{"scope":"replica","model":"m","replica":0,"silo":"s"}""", "invalid_value", "silo")]
    [InlineData("""{"scope":"region","deadline_seconds":-1}""", "invalid_value", "deadline_seconds")]
    [InlineData("""{"scope":"region","deadline_seconds":3601}""", "invalid_value", "deadline_seconds")]
    [InlineData("""{"scope":"region","deadline_seconds":1.5}""", "invalid_type", "deadline_seconds")]
    [InlineData("""{"scope":"region","sticky":"yes"}""", "invalid_type", "sticky")]
    public async Task A_wrong_order_is_a_400_that_names_the_field(string body, string code, string? param)
    {
        var draining = new DrainingDouble();
        await using var host = await StartAsync(draining);
        using var response = await PostAsync(host, body);
        await response.ErrorAsync(400, code, param);
        Assert.Null(draining.Order);
    }

    [Theory]
    [InlineData("?scope=silo", "missing_required_parameter", "silo")]
    [InlineData("?scope=replica&model=m&replica=x", "invalid_value", "replica")]
    [InlineData("?scope=city", "invalid_value", "scope")]
    public async Task A_wrong_end_is_a_400_that_names_the_field(string query, string code, string param)
    {
        var draining = new DrainingDouble();
        await using var host = await StartAsync(draining);
        using var response = await host.Client.DeleteAsync(new Uri($"/admin/api/drain{query}", UriKind.Relative));
        await response.ErrorAsync(400, code, param);
        Assert.Null(draining.Ended);
    }

    [Fact]
    public async Task What_the_region_refuses_is_answered_as_its_refusal()
    {
        var draining = new DrainingDouble { Failure = new MeridianException(new Refusal { Code = RefusalCode.InvalidInput, Message = "It is the last silo.", Param = "silo" }) };
        await using var host = await StartAsync(draining);
        using var response = await PostAsync(host, """{"scope":"silo","silo":"127.0.0.1:8111"}""");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("It is the last silo.", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static DrainReport Report(DrainTarget target, DrainState state, WorkCount work) => new()
    {
        Id = 1,
        Target = target,
        State = state,
        Since = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Deadline = new DateTimeOffset(2026, 1, 2, 3, 4, 35, TimeSpan.Zero),
        Overdue = false,
        By = "ops",
        Reason = "kernel",
        Work = work,
    };

    private static Task<GatewayHost> StartAsync(DrainingDouble draining) => GatewayHost.StartAsync(services: services => services.AddSingleton<IRegionDraining>(draining));

    private static Task<HttpResponseMessage> PostAsync(GatewayHost host, string body) => host.PostAsync("/admin/api/drain", Encoding.UTF8.GetBytes(body));
}
