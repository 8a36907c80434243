using System.Net;
using System.Text;
using Meridian.Errors;
using Meridian.Gateway.Admin.Scaling;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Grains;
using Meridian.Messages;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.DependencyInjection;

namespace Meridian.Gateway.Tests.Admin;

public sealed class AdminTests
{
    private static readonly Uri Replicas = new("/admin/api/models/minilm/replicas", UriKind.Relative);

    [Fact]
    public async Task Regions_are_reported_as_the_edge_sees_them()
    {
        await using var host = await GatewayHost.StartAsync();
        host.Directory.Current = DirectoryDouble.Snapshot(
            DirectoryDouble.Region("eastus", RegionHealth.Alive, DirectoryDouble.Model("minilm", 1)),
            DirectoryDouble.Region("westeurope", RegionHealth.Unknown)) with
        { OwnRegion = "eastus", Edge = "eastus" };
        using var response = await host.Client.GetAsync(new Uri("/admin/api/regions", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(
            """{"edge":"eastus","regions":[{"name":"eastus","jurisdiction":"us","location":"somewhere","status":"alive","draining":false,"incarnation":1700000000000,"models":[{"model":"minilm","version":"v2@9f3c1a20","variant":"fp32","replicas":{"ready":1,"desired":1},"in_flight":3,"queued":4,"service_ms":1.5,"problem":null}],"round_trip_ms":12.346,"changes":0,"clock_off_ms":null,"in_flight":2,"facade":"http://127.0.0.1:8081/","own":true},{"name":"westeurope","jurisdiction":"eu","location":"somewhere","status":"unknown","draining":false,"incarnation":0,"models":[],"round_trip_ms":null,"changes":0,"clock_off_ms":null,"in_flight":2,"facade":"http://127.0.0.1:8082/","own":false}]}""",
            body);
    }

    [Fact]
    public async Task A_front_door_says_whom_to_ask_for_replicas()
    {
        await using var host = await GatewayHost.StartAsync();
        using var content = new StringContent("""{"replicas":2}""", Encoding.UTF8, "application/json");
        using var put = await host.Client.PutAsync(Replicas, content);
        var error = await put.ErrorAsync(404, "ask_region");
        Assert.Contains("eastus at http://127.0.0.1:8081/, westeurope at http://127.0.0.1:8082/", (string)error["message"]!, StringComparison.Ordinal);
        using var get = await host.Client.GetAsync(Replicas);
        await get.ErrorAsync(404, "ask_region");
    }

    [Fact]
    public async Task A_region_scales_and_remembers()
    {
        await using var host = await StartRegionAsync();
        using var put = await PutAsync(host, """{"replicas":2,"reason":"load","operation_id":"op-1"}""");
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal(
            """{"model":"minilm","sequence":1,"operation_id":"op-1","replicas":2,"by":"default","reason":"load","at":"2026-01-02T03:04:05+00:00"}""",
            await put.Content.ReadAsStringAsync());

        using var content = new StringContent("""{"replicas":0}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Put, Replicas) { Content = content };
        request.Headers.Add(GatewayHeaders.RequestId, "request-7");
        using var second = await host.Client.SendAsync(request);
        Assert.Equal("request-7", (string)(await GatewayHost.JsonAsync(second))["operation_id"]!);

        using var get = await host.Client.GetAsync(Replicas);
        var history = await GatewayHost.JsonAsync(get);
        Assert.Equal([2, 0], history["changes"]!.AsArray().Select(change => (int)change!["replicas"]!));
    }

    [Theory]
    [InlineData("", "invalid_json", null)]
    [InlineData("null", "invalid_json", null)]
    [InlineData("[]", "invalid_json", null)]
    [InlineData("{", "invalid_json", null)]
    [InlineData("{}", "missing_required_parameter", "replicas")]
    [InlineData("""{"replicas":"2"}""", "invalid_type", "replicas")]
    [InlineData("""{"replicas":1.5}""", "invalid_type", "replicas")]
    [InlineData("""{"replicas":-1}""", "invalid_value", "replicas")]
    [InlineData("""{"replicas":65}""", "invalid_value", "replicas")]
    [InlineData("""{"replicas":1,"reason":5}""", "invalid_type", "reason")]
    [InlineData("""{"replicas":1,"operation_id":""}""", "invalid_value", "operation_id")]
    public async Task A_wrong_order_is_a_400_that_names_the_field(string body, string code, string? param)
    {
        await using var host = await StartRegionAsync();
        using var response = await PutAsync(host, body);
        await response.ErrorAsync(400, code, param);
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task Unknown_models_large_orders_and_refusals_have_their_own_status()
    {
        await using var host = await StartRegionAsync();
        using var content = new StringContent("""{"replicas":2}""", Encoding.UTF8, "application/json");
        using var unknown = await host.Client.PutAsync(new Uri("/admin/api/models/gpt-4/replicas", UriKind.Relative), content);
        await unknown.ErrorAsync(404, "model_not_found", "model");
        using var large = await PutAsync(host, "{\"replicas\":1,\"reason\":\"" + new string('x', 100_000) + "\"}");
        await large.ErrorAsync(413, "request_too_large");
        using var refused = await host.Client.GetAsync(new Uri("/admin/api/models/vendor%2Fother%20model/replicas", UriKind.Relative));
        await refused.ErrorAsync(503, "no_capacity");
        Assert.Empty(host.Log.Entries);
    }

    [Theory]
    [InlineData("""{"replicas":3,"reason":"load","operation_id":"op-1"}""")]
    [InlineData("""{"replicas":2,"reason":"other","operation_id":"op-1"}""")]
    public async Task An_operation_id_that_named_another_order_is_a_conflict(string other)
    {
        await using var host = await StartRegionAsync();
        using var first = await PutAsync(host, """{"replicas":2,"reason":"load","operation_id":"op-1"}""");
        using var again = await PutAsync(host, """{"replicas":2,"reason":"load","operation_id":"op-1"}""");

        using var used = await PutAsync(host, other);

        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        await used.ErrorAsync(409, "request_id_reused", "operation_id");
    }

    private static Task<GatewayHost> StartRegionAsync() =>
        GatewayHost.StartAsync(services: services => services.AddSingleton<IModelScaling, Scaling>());

    private static async Task<HttpResponseMessage> PutAsync(GatewayHost host, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await host.Client.PutAsync(Replicas, content);
    }

    private sealed class Scaling : IModelScaling
    {
        private readonly List<ScaleRecord> _records = [];

        public Task<ScaleRecord> ScaleAsync(string model, ScaleChange change, CancellationToken cancellationToken)
        {
            if (_records.Find(before => before.OperationId == change.OperationId) is { } first)
                return Task.FromResult(first);
            var record = new ScaleRecord
            {
                Sequence = _records.Count + 1,
                OperationId = change.OperationId,
                Replicas = change.Replicas,
                By = change.By,
                Reason = change.Reason,
                At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            };
            _records.Add(record);
            return Task.FromResult(record);
        }

        public Task<ScaleRecord[]> HistoryAsync(string model, CancellationToken cancellationToken) =>
            model == "minilm" ? Task.FromResult<ScaleRecord[]>([.. _records]) : throw new MeridianException(new Refusal { Code = RefusalCode.NotReady, Message = "Not here." });
    }
}
