using Meridian.Silo.Configuration;
using Meridian.Silo.Configuration.Rules;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Tests.Store;

/// <summary>Passwords are never printed, in whatever form they stand in a connection string.</summary>
public sealed class SecretsTests
{
    private const string Secret = "s3cr3t";

    public static TheoryData<string> Forms =>
    [
        "redis.internal:6379,password=s3cr3t",
        "redis.internal:6379,Password = s3cr3t,ssl=true",
        "redis.internal:6379,user=ada,password=\"s3cr3t,with,commas\"",
        "redis.internal:6379,password=s3cr3t==,abortConnect=false",
        "user:s3cr3t@redis.internal:6379",
        ":s3cr3t@redis.internal:6379",
        "s3cr3t@redis.internal",
        "redis://user:s3cr3t@redis.internal:6379/0",
        "rediss://:s3cr3t@redis.internal",
        "redis://user:p@s3cr3t@redis.internal:6379",
        "redis://redis.internal?password=s3cr3t&ssl=true",
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=s3cr3tQUJD/+==;EndpointSuffix=core.windows.net",
        "BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=sv=2024-01-01&sig=s3cr3t%3D&se=2030",
        "https://acme.table.core.windows.net/?sv=2024-01-01&ss=t&sig=s3cr3t%3D",
        "Endpoint=sb://acme/;SharedAccessKeyName=root;SharedAccessKey=s3cr3t=",
        "Server=db;Uid=ada;Pwd=s3cr3t;",
        "{\"password\": \"s3cr3t\"}",
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void No_form_is_printed(string text)
    {
        Assert.DoesNotContain(Secret, Secrets.Redact(text), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, Secrets.Redact($"It was not possible to connect to {text} (timeout)."), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis.internal:6379,password=s3cr3t", "s3cr3t")]
    [InlineData("redis.internal:6379,password=\"s3cr3t,with,commas\"", "s3cr3t,with,commas")]
    [InlineData("user:s3cr3t@redis.internal:6379", "s3cr3t")]
    [InlineData("redis://user:p@s3cr3t@redis.internal", "p@s3cr3t")]
    [InlineData("AccountName=acme;AccountKey=s3cr3tQUJD/+==;EndpointSuffix=core.windows.net", "s3cr3tQUJD/+==")]
    public void No_message_repeats_a_part_of_one(string connection, string secret) =>
        Assert.DoesNotContain(secret, Secrets.Redact($"Keyword '{secret}' is not supported, near {secret}.", connection), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Forms))]
    public void No_line_of_log_has_one_of_the_settings(string text)
    {
        Secrets.Remember(text);

        Assert.DoesNotContain(Secret, Secrets.RedactLine($"It was not possible to connect to {text}."), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Model made/v1@1a2b3c4d/fp32 is in the model store")]
    [InlineData("Silo 127.0.0.1:8191@123456 joined; S127.0.0.1:8191:123456")]
    [InlineData("time to first token: 120 ms, http://127.0.0.1:8081/v1 user@host")]
    public void Ordinary_lines_of_log_stay(string line) => Assert.Equal(line, Secrets.RedactLine(line));

    [Theory]
    [InlineData("redis.internal:6379")]
    [InlineData("redis.internal:6379,ssl=True,abortConnect=False,connectTimeout=2000")]
    [InlineData("127.0.0.1:8193")]
    [InlineData("AccountName=acme;EndpointSuffix=core.windows.net")]
    public void What_is_no_secret_stays(string text) => Assert.Equal(text, Secrets.Redact(text));

    [Theory]
    [MemberData(nameof(Forms))]
    public void Mistakes_in_settings_do_not_print_one(string text)
    {
        foreach (var setting in new[] { "Store", "Clustering" })
        {
            var options = new MeridianOptions { Regions = [new RegionEntry { Name = "eastus", Jurisdiction = "us" }] };
            (setting == "Store" ? v => options.Store.ConnectionString = v : (Action<string>)(v => options.Clustering.ConnectionString = v))(text);
            foreach (var kind in new[] { ClusteringKind.Redis, ClusteringKind.AzureStorage })
            {
                options.Clustering.Kind = kind;
                var mistakes = new List<string>();
                MeridianOptionsRules.Check(options, mistakes);
                Assert.DoesNotContain(mistakes, mistake => mistake.Contains(Secret, StringComparison.Ordinal));
            }
        }
    }
}
