using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Meridian.Federation.Configuration;
using Meridian.Federation.IntentSources;
using Meridian.Gateway.Admin.Records;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Intents;
using Meridian.Intents.Options;
using Meridian.Intents.Records;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Tests.Admin;

public sealed class DirectoryTests : IAsyncDisposable
{
    private const string Member = """{"jurisdiction":"eu","protocol":"http://10.0.0.2:8190","facade":"http://10.0.0.2:8082","country":"NL","price_per_hour":1.5}""";

    private readonly IntentLogDouble _log = new();

    [Fact]
    public async Task A_record_is_written_read_and_deleted()
    {
        await using var host = await StartAsync();

        using var put = await SendAsync(host, HttpMethod.Put, "member/westeurope", Member);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal("\"1\"", put.Headers.ETag!.Tag);
        var record = await GatewayHost.JsonAsync(await SendAsync(host, HttpMethod.Get, "member/westeurope"));
        Assert.Equal(("member", "westeurope", 1L), ((string)record["kind"]!, (string)record["name"]!, (long)record["epoch"]!));
        Assert.Equal(("eu", "NL", 1.5, false), ((string)record["value"]!["jurisdiction"]!, (string)record["value"]!["country"]!, (double)record["value"]!["price_per_hour"]!, (bool)record["value"]!["witness"]!));

        using var deleted = await SendAsync(host, HttpMethod.Delete, "member/westeurope");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        using var gone = await SendAsync(host, HttpMethod.Get, "member/westeurope");
        await gone.ErrorAsync(404, "record_not_found");
        Assert.True(_log.Current.Records.ContainsKey(new IntentKey(IntentKinds.Removed, "westeurope")), "It would be back with the region's next start.");

        using var allowed = await SendAsync(host, HttpMethod.Delete, "removed/westeurope");
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        Assert.Empty(_log.Current.Records);
    }

    [Fact]
    public async Task A_record_that_another_region_has_just_written_is_deleted_although_the_copy_here_lacks_it()
    {
        await using var host = await StartAsync();
        var before = _log.Current;
        using var put = await SendAsync(host, HttpMethod.Put, "tenant/acme", "{}");
        _log.Behind = before;

        using var deleted = await SendAsync(host, HttpMethod.Delete, "tenant/acme");

        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Empty(_log.Current.Records);
    }

    [Fact]
    public async Task Deleting_a_model_deletes_its_deployment_policy_and_versions()
    {
        await using var host = await StartAsync();
        const string Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        foreach (var (path, body) in new[]
        {
            ("model/org/m", $$"""{"kind":"embedding","owned_by":"x","versions":[{"name":"v1","variants":[{"name":"fp32","manifest":"{{Digest}}"}]}]}"""),
            ("model/other", """{"kind":"embedding","owned_by":"x"}"""),
            ("deployment/org/m", """{"version":"v1"}"""),
            ("policy/org/m", """{"routing":"nearest"}"""),
            ("version/org/m/v1", """{"manifest":"00","variants":["fp32"]}"""),
            ("policy/default", """{"routing":"nearest"}"""),
        })
        {
            using var put = await SendAsync(host, HttpMethod.Put, path, body);
            Assert.True(put.IsSuccessStatusCode, $"{path}: {await put.Content.ReadAsStringAsync()}");
        }

        using var deleted = await SendAsync(host, HttpMethod.Delete, "model/org/m");

        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(["model/other", "policy/default"], _log.Current.Records.Keys.Select(key => key.ToString()));
    }

    [Theory]
    [InlineData("model/m", """{"kind":"embedding","owned_by":"x","engine":{"max_batch":0}}""", "'engine.max_batch' is '0'; it must be 1 to 4096")]
    [InlineData("model/m", """{"kind":"embedding","owned_by":"x","limits":{"max_items":4096}}""", "'limits.max_items' is 4096; it must be 1 to 2048")]
    [InlineData("model/m", """{"kind":"embedding","owned_by":"x","routing":{"policy":"best"}}""", "'routing.policy' is 'best'")]
    [InlineData("model/m", """{"kind":"embedding","owned_by":"x","versions":[{"name":"v1","variants":[{"name":"fp32","manifest":"abc"}]}]}""", "SHA-256")]
    [InlineData("deployment/m", """{"weights":[{"version":"v1","weight":0}]}""", "all 'weights' are 0")]
    [InlineData("deployment/m", """{"weights":[{"weight":1},{"weight":2}]}""", "twice")]
    [InlineData("deployment/m", """{"replicas":65}""", "'replicas' is 65; it must be 0 to 64")]
    public async Task A_specification_that_breaks_a_rule_is_refused_with_field_value_and_rule(string path, string body, string rule)
    {
        await using var host = await StartAsync();

        using var refused = await SendAsync(host, HttpMethod.Put, path + "?pending=true", body);

        Assert.Contains(rule, (string)(await refused.ErrorAsync(400, "invalid_record"))["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_log_changes_are_refused_with_the_setting_and_records_are_read()
    {
        await using var host = await StartAsync();
        _log.IsAbsent = true;

        using var put = await SendAsync(host, HttpMethod.Put, "tenant/acme", "{}");

        Assert.Contains("Intent:Kind", (string)(await put.ErrorAsync(409, "no_intent_log"))["message"]!, StringComparison.Ordinal);
        using var read = await host.Client.GetAsync(new Uri("/admin/api/directory", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
    }

    [Fact]
    public async Task What_differs_from_the_settings_is_shown_and_adopted()
    {
        var federation = Options.Create(new FederationOptions { Region = "a", Models = [new ModelDeclarationOptions { Name = "m", Replicas = 2 }] });
        await using var host = await GatewayHost.StartAsync(services: services => services.AddSingleton<IIntentLog>(_log)
            .AddSingleton(new ConfiguredState(_log, federation, Options.Create(new IntentLogOptions { Self = "a" }))));
        using var model = await SendAsync(host, HttpMethod.Put, "model/m", """{"kind":"embedding","owned_by":"meridian"}""");
        using var deployment = await SendAsync(host, HttpMethod.Put, "deployment/m", """{"replicas":1}""");

        using var shown = await host.Client.GetAsync(new Uri("/admin/api/drift", UriKind.Relative));
        var difference = Assert.Single((await GatewayHost.JsonAsync(shown))["differences"]!.AsArray())!;
        Assert.Equal(("deployment", "m", "replicas", "2", "1"), ((string)difference["kind"]!, (string)difference["name"]!, (string)difference["field"]!, (string)difference["configured"]!, (string)difference["log"]!));

        using var adopted = await host.Client.PostAsync(new Uri("/" + ((string)difference["adopt"]!)["POST /".Length..], UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, adopted.StatusCode);
        using var after = await host.Client.GetAsync(new Uri("/admin/api/drift", UriKind.Relative));
        Assert.Empty((await GatewayHost.JsonAsync(after))["differences"]!.AsArray());
    }

    [Fact]
    public async Task Names_may_have_slashes()
    {
        await using var host = await StartAsync();

        using var put = await SendAsync(host, HttpMethod.Put, "version/org/model/v1?pending=true", """{"manifest":"00","variants":["fp32"]}""");

        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal("org/model/v1", Assert.Single(_log.Current.Records.Keys).Name);
    }

    [Theory]
    [InlineData("tenant/a%0Ab%1b%5B31m", "{}", "tenant's name")]
    [InlineData("tenant/x%2Fy", "{}", "tenant's name")]
    [InlineData("model/a%1b", """{"kind":"embedding","owned_by":"x"}""", "model's name")]
    [InlineData("member/a%20b", Member, "the name has")]
    [InlineData("deployment/nothing", "{}", "does not exist: model/nothing")]
    [InlineData("policy/nothing", "{}", "does not exist: model/nothing")]
    [InlineData("version/nothing/v1", """{"manifest":"00","variants":[]}""", "does not exist: model/nothing")]
    [InlineData("member/x", """{"jurisdiction":"eu","protocol":"http://a:1","facade":"javascript:alert(1)"}""", "'facade'")]
    [InlineData("member/x", """{"jurisdiction":"eu\u001b[31m","protocol":"http://a:1"}""", "control character")]
    public async Task Names_keep_a_grammar_and_what_they_name_exists(string path, string body, string says)
    {
        await using var host = await StartAsync();

        using var response = await SendAsync(host, HttpMethod.Put, path, body);

        var message = (string)(await response.ErrorAsync(400, "invalid_record"))["message"]!;
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
        Assert.Empty(_log.Current.Records);
    }

    [Fact]
    public async Task A_record_that_names_what_does_not_exist_yet_says_pending()
    {
        await using var host = await StartAsync();

        using var put = await SendAsync(host, HttpMethod.Put, "deployment/minilm?pending=true", """{"regions":["westeurope"]}""");
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        var pending = await GatewayHost.JsonAsync(await SendAsync(host, HttpMethod.Get, "deployment/minilm"));
        Assert.Equal("""["model/minilm","member/westeurope"]""", pending["pending"]!.ToJsonString());

        await SendAsync(host, HttpMethod.Put, "model/minilm", """{"kind":"embedding","owned_by":"x"}""");
        await SendAsync(host, HttpMethod.Put, "member/westeurope", Member);
        var complete = await GatewayHost.JsonAsync(await SendAsync(host, HttpMethod.Get, "deployment/minilm"));
        Assert.False(complete.AsObject().ContainsKey("pending"));
    }

    [Fact]
    public async Task What_earlier_builds_took_is_shown_and_deleted()
    {
        await using var host = await StartAsync();
        _log.Enter(new IntentKey("planet", "mars"), [0]);
        _log.Enter(new IntentKey(IntentKinds.Member, "x"), IntentRecords.Bytes(new MemberRecord { Jurisdiction = "eu", Protocol = "http://a:1", PricePerHour = double.NaN }));

        using var report = await host.Client.GetAsync(new Uri("/admin/api/directory", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, report.StatusCode);
        Assert.Equal(2, (await GatewayHost.JsonAsync(report))["records"]!.AsArray().Count);
        using var planet = await SendAsync(host, HttpMethod.Delete, "planet/mars");
        using var member = await SendAsync(host, HttpMethod.Delete, "member/x");

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [planet.StatusCode, member.StatusCode]);
    }

    [Fact]
    public async Task An_epoch_that_has_passed_is_a_conflict_and_changes_nothing()
    {
        await using var host = await StartAsync();
        await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":["eu"]}""");
        await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":["eu","us"]}""", ("If-Match", "\"1\""));

        using var late = await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":[]}""", ("If-Match", "\"1\""));
        using var second = await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":[]}""", ("If-None-Match", "*"));

        await late.ErrorAsync(412, "epoch_conflict", "if-match");
        await second.ErrorAsync(412, "epoch_conflict", "if-match");
        var record = await GatewayHost.JsonAsync(await SendAsync(host, HttpMethod.Get, "tenant/acme"));
        Assert.Equal("""["eu","us"]""", record["value"]!["residency"]!.ToJsonString());
    }

    [Fact]
    public async Task The_same_request_id_is_the_same_change()
    {
        await using var host = await StartAsync();

        using var first = await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":["eu"]}""", (GatewayHeaders.RequestId, "op-1"), ("If-None-Match", "*"));
        using var again = await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":["eu"]}""", (GatewayHeaders.RequestId, "op-1"), ("If-None-Match", "*"));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [first.StatusCode, again.StatusCode]);
        Assert.Equal(first.Headers.ETag, again.Headers.ETag);
        Assert.Equal(1, _log.Current.Revision);
    }

    [Theory]
    [InlineData("""{"residency":["us"]}""", "*")]
    [InlineData("""{"residency":["eu"]}""", null)]
    public async Task The_same_request_id_with_another_change_is_a_conflict(string body, string? condition)
    {
        await using var host = await StartAsync();
        using var first = await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":["eu"]}""", (GatewayHeaders.RequestId, "op-1"), ("If-None-Match", "*"));
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);

        List<(string, string)> headers = [(GatewayHeaders.RequestId, "op-1")];
        if (condition is not null)
            headers.Add(("If-None-Match", condition));
        using var other = await SendAsync(host, HttpMethod.Put, "tenant/acme", body, [.. headers]);

        Assert.Contains("op-1", (string)(await other.ErrorAsync(409, "request_id_reused", GatewayHeaders.RequestId))["message"]!, StringComparison.Ordinal);
        Assert.Equal(1, _log.Current.Revision);
        using var elsewhere = await SendAsync(host, HttpMethod.Put, "tenant/other", body, [.. headers]);
        Assert.Equal(HttpStatusCode.OK, elsewhere.StatusCode);
    }

    [Fact]
    public void The_same_request_id_of_another_caller_is_another_change_under_the_same_name()
    {
        var context = new DefaultHttpContext { TraceIdentifier = "op-1" };
        context.Request.Headers[GatewayHeaders.RequestId] = "op-1";

        var (operation, digest) = ChangeIdentity.Of(context, "acme", [1]);

        Assert.Equal(digest, ChangeIdentity.Of(context, "acme", [1]).Digest);
        var (other, others) = ChangeIdentity.Of(context, "other", [1]);
        Assert.Equal(operation, other);
        Assert.NotEqual(digest, others);
    }

    [Theory]
    [InlineData(false, "Nothing was changed")]
    [InlineData(true, "repeat it with the same x-request-id")]
    public async Task Without_a_majority_a_change_is_refused_and_reads_go_on(bool unknown, string says)
    {
        await using var host = await StartAsync();
        await SendAsync(host, HttpMethod.Put, "tenant/acme", """{"residency":["eu"]}""");
        _log.Unavailable = unknown;

        using var put = await SendAsync(host, HttpMethod.Put, "tenant/acme", "{}");
        var error = await put.ErrorAsync(503, "no_quorum");
        Assert.Contains(says, (string)error["message"]!, StringComparison.Ordinal);
        Assert.NotNull(put.Headers.RetryAfter);
        using var read = await SendAsync(host, HttpMethod.Get, "tenant/acme");
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        var report = await GatewayHost.JsonAsync(await host.Client.GetAsync(new Uri("/admin/api/directory", UriKind.Relative)));
        Assert.Equal((false, "no majority", 1), ((bool)report["can_change"]!, (string)report["problem"]!, report["records"]!.AsArray().Count));
        Assert.Equal(64, ((string)report["hash"]!).Length);
    }

    [Theory]
    [InlineData("member/x", """{"jurisdiction":"eu","protocol":"nowhere"}""", "invalid_record", "'nowhere'")]
    [InlineData("member/x", """{"jurisdiction":"","protocol":"http://a:1"}""", "invalid_record", "'jurisdiction'")]
    [InlineData("member/x", """{"jurisdiction":"eu","protocol":"http://a:1","colour":"red"}""", "invalid_record", "colour")]
    [InlineData("member/x", """{"jurisdiction":"eu"}""", "invalid_record", "protocol")]
    [InlineData("model/x", """{"kind":"poetry","owned_by":"x"}""", "invalid_record", "'poetry'")]
    [InlineData("deployment/x", """{"regions":["atlantis"]}""", "invalid_record", "model/x, member/atlantis")]
    [InlineData("policy/x", """{"routing":"dice"}""", "invalid_record", "'dice'")]
    [InlineData("policy/x", """{"hedge_after_ms":-1}""", "invalid_record", "-1")]
    [InlineData("tenant/x", """{"residency":[""]}""", "invalid_record", "residency")]
    [InlineData("tenant/x", "not json", "invalid_record", "tenant")]
    [InlineData("tenant/x", "null", "invalid_record", "DELETE")]
    [InlineData("installation/seed", "{}", "read_only", "installation")]
    public async Task A_record_with_a_mistake_is_refused_by_name(string path, string body, string code, string says)
    {
        await using var host = await StartAsync();

        using var response = await SendAsync(host, HttpMethod.Put, path, body);

        Assert.Contains(says, (string)(await response.ErrorAsync(400, code))["message"]!, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(_log.Current.Records);
    }

    [Fact]
    public async Task Unknown_kinds_and_unreadable_conditions_are_mistakes()
    {
        await using var host = await StartAsync();

        using var kind = await SendAsync(host, HttpMethod.Put, "planet/mars", "{}");
        Assert.Contains("tenant", (string)(await kind.ErrorAsync(404, "unknown_kind"))["message"]!, StringComparison.Ordinal);
        using var match = await SendAsync(host, HttpMethod.Put, "tenant/x", "{}", ("If-Match", "\"abc\""));
        await match.ErrorAsync(400, "invalid_header", "if-match");
    }

    [Fact]
    public async Task Voters_come_and_go()
    {
        await using var host = await StartAsync();

        using var added = await SendAsync(host, HttpMethod.Put, "voters/third", """{"name":"third","consensus":"10.0.0.3:8194","control":"http://10.0.0.3:8195","witness":true}""");
        Assert.Equal(HttpStatusCode.NoContent, added.StatusCode);
        var voter = Assert.Single(_log.Status.Voters);
        Assert.Equal(("third", "10.0.0.3:8194", true), (voter.Name, voter.Consensus, voter.Witness));
        using var other = await SendAsync(host, HttpMethod.Put, "voters/third", """{"name":"fourth","consensus":"10.0.0.3:8194","control":"http://10.0.0.3:8195"}""");
        await other.ErrorAsync(400, "invalid_voter");

        using var removed = await SendAsync(host, HttpMethod.Delete, "voters/third");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Empty(_log.Status.Voters);
        using var again = await SendAsync(host, HttpMethod.Delete, "voters/third");
        Assert.Contains("'third'", (string)(await again.ErrorAsync(404, "voter_not_found"))["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_front_door_names_the_regions()
    {
        await using var host = await GatewayHost.StartAsync();

        using var response = await host.Client.GetAsync(new Uri("/admin/api/directory", UriKind.Relative));

        await response.ErrorAsync(404, "ask_region");
    }

    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private Task<GatewayHost> StartAsync() => GatewayHost.StartAsync(services: services => services.AddSingleton<IIntentLog>(_log));

    private static Task<HttpResponseMessage> SendAsync(GatewayHost host, HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, $"/admin/api/directory/{path}");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return host.Client.SendAsync(request);
    }
}
