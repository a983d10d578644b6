using System.Net;
using System.Text.Json.Nodes;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Hub;
using Helios.Sdk.Hub.Pulling;
using Helios.Sdk.Models;
using Helios.Sdk.Testing;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tests.Hosting;

namespace Helios.Sdk.Tests.Hub;

/// <summary>Pulls from a Hub on this machine: what comes, where it lies, and what becomes of every fault.</summary>
public sealed class HubPullTests : IDisposable
{
    private const string Weights = "model.safetensors";
    private const string Token = "hf_secret";

    private readonly FakeHub hub = new();
    private readonly TempFolder cache = new();
    private readonly byte[] weights = File.ReadAllBytes(Path.Combine(TestData.Model("tiny-s"), Weights));

    public HubPullTests()
    {
        foreach (var file in Directory.GetFiles(TestData.Model("tiny-s"))) hub.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        hub.Files["README.md"] = [1, 2, 3];
        hub.Files["pytorch_model.bin"] = [4, 5, 6];
        hub.Files["onnx/model.onnx"] = [7];
    }

    private string Snapshot => Path.Combine(cache.Path, "models--org--model", "snapshots", FakeHub.Commit);

    private string Blobs => Path.Combine(cache.Path, "models--org--model", "blobs");

    public void Dispose()
    {
        hub.Dispose();
        cache.Dispose();
    }

    [Fact]
    public async Task A_model_comes_whole_and_lies_as_Hugging_Face_has_it()
    {
        var pulled = await PullAsync();
        pulled.Path.Should().Be(Snapshot);
        pulled.Commit.Should().Be(FakeHub.Commit);
        (await File.ReadAllTextAsync(Path.Combine(cache.Path, "models--org--model", "refs", "main"))).Should().Be(FakeHub.Commit);
        var names = Directory.GetFiles(Snapshot).Select(Path.GetFileName).ToList();
        names.Should().Contain(["config.json", "tokenizer.json", "helios.json", Weights]).And.NotContain(["README.md", "pytorch_model.bin"]);
        pulled.Files.Should().Be(names.Count);
        pulled.Bytes.Should().Be(names.Sum(name => (long)hub.Files[name!].Length));
        new FileInfo(Path.Combine(Snapshot, Weights)).LinkTarget.Should().Be(Path.Combine("..", "..", "blobs", Path.GetFileName(Directory.GetFiles(Blobs).MaxBy(file => new FileInfo(file).Length))!));
        Directory.GetFiles(cache.Path, "*.incomplete", SearchOption.AllDirectories).Should().BeEmpty();

        using var checkpoint = Checkpoint.Open(pulled.Path);
        checkpoint.Info.Name.Should().Be("model", "the folder of a snapshot has the name of a commit");
        new HubCache(cache.Path).Find("org/model").Should().Be(Snapshot);
        new HubCache(cache.Path).Find($"org/model@{FakeHub.Commit}").Should().Be(Snapshot);
        new HubCache(cache.Path).Find("org/other").Should().BeNull();

        var asked = hub.Requests.Count;
        (await PullAsync()).Should().Be(pulled);
        hub.Requests.Count.Should().Be(asked + 1, "what is there is not pulled again");
    }

    [Fact]
    public async Task A_folder_gets_plain_files()
    {
        using var folder = new TempFolder();
        var pulled = await PullAsync(options => options with { To = folder["model"] });
        pulled.Path.Should().Be(folder["model"]);
        (await File.ReadAllBytesAsync(Path.Combine(pulled.Path, Weights))).Should().Equal(weights);
        Directory.Exists(Blobs).Should().BeFalse();

        await File.WriteAllBytesAsync(Path.Combine(pulled.Path, "config.json"), new byte[hub.Files["config.json"].Length]);
        await PullAsync(options => options with { To = folder["model"] });
        (await File.ReadAllBytesAsync(Path.Combine(pulled.Path, "config.json"))).Should().Equal(hub.Files["config.json"], "what differs is pulled again");
        hub.CountOf(Weights).Should().Be(1);
    }

    [Fact]
    public async Task A_cut_connection_goes_on_where_it_ended()
    {
        var cuts = 0;
        hub.Fault = context =>
        {
            if (!IsFor(context, Weights) || cuts++ > 0) return false;
            FakeHub.Cut(context, weights, weights.Length / 2);
            return true;
        };
        await PullAsync();
        (await File.ReadAllBytesAsync(Path.Combine(Snapshot, Weights))).Should().Equal(weights);
        hub.Requests.Where(request => request.Path.EndsWith(Weights, StringComparison.Ordinal)).Select(request => request.Range is null).Should().Equal(true, false);
    }

    [Fact]
    public async Task Cancellation_leaves_what_came_and_no_model()
    {
        using var leaving = new CancellationTokenSource();
        hub.Fault = context =>
        {
            if (!IsFor(context, Weights)) return false;
            context.Response.ContentLength64 = weights.Length;
            context.Response.OutputStream.Write(weights, 0, weights.Length / 2);
            context.Response.OutputStream.Flush();
            SpinWait.SpinUntil(() => Partial() is { Length: > 0 }, TimeSpan.FromSeconds(60)).Should().BeTrue();
            leaving.Cancel();
            context.Response.Abort();
            return true;
        };
        var pull = () => PullAsync(cancellationToken: leaving.Token);
        await pull.Should().ThrowAsync<OperationCanceledException>();
        new HubCache(cache.Path).Find("org/model").Should().BeNull();
        Directory.Exists(Snapshot).Should().BeFalse();
        Partial()!.Length.Should().BeGreaterThan(0);

        hub.Fault = static _ => false;
        await PullAsync();
        hub.Requests.Last(request => request.Path.EndsWith(Weights, StringComparison.Ordinal)).Range.Should().NotBeNull();
        (await File.ReadAllBytesAsync(Path.Combine(Snapshot, Weights))).Should().Equal(weights);
    }

    [Fact]
    public async Task A_partial_file_with_other_bytes_is_pulled_once_more_from_its_start()
    {
        await PullAsync();
        var blob = Directory.GetFiles(Blobs).MaxBy(file => new FileInfo(file).Length)!;
        File.Delete(blob);
        await File.WriteAllBytesAsync(blob + ".incomplete", new byte[1000]);
        await PullAsync();
        (await File.ReadAllBytesAsync(blob)).Should().Equal(weights);
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_sends_the_file_again()
    {
        await PullAsync();
        var blob = Directory.GetFiles(Blobs).MaxBy(file => new FileInfo(file).Length)!;
        File.Delete(blob);
        await File.WriteAllBytesAsync(blob + ".incomplete", weights[..1000]);
        hub.Fault = context =>
        {
            if (!IsFor(context, Weights)) return false;
            context.Response.ContentLength64 = weights.Length;
            context.Response.OutputStream.Write(weights);
            context.Response.Close();
            return true;
        };
        await PullAsync();
        (await File.ReadAllBytesAsync(blob)).Should().Equal(weights);
    }

    [Theory]
    [InlineData("hash", "*another SHA-256*deleted*")]
    [InlineData("longer", "*has 1001 bytes on the server; the Hub lists*")]
    [InlineData("endless", "*sends more than the*")]
    [InlineData("range", "*the server answers with others*")]
    public async Task Content_that_is_not_what_is_listed_is_refused(string fault, string message)
    {
        if (fault == "range")
        {
            var blob = Path.Combine(Blobs, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(weights)));
            Directory.CreateDirectory(Blobs);
            await File.WriteAllBytesAsync(blob + ".incomplete", weights[..1000]);
        }

        hub.Fault = context =>
        {
            if (!IsFor(context, Weights)) return false;
            var response = context.Response;
            switch (fault)
            {
                case "hash":
                    response.ContentLength64 = weights.Length;
                    response.OutputStream.Write([.. weights[..^1], (byte)(weights[^1] + 1)]);
                    break;
                case "longer":
                    response.ContentLength64 = 1001;
                    response.OutputStream.Write(new byte[1001]);
                    break;
                case "endless":
                    response.SendChunked = true;
                    response.OutputStream.Write([.. weights, 1]);
                    break;
                case "range":
                    response.StatusCode = 206;
                    response.Headers["Content-Range"] = "bytes 5-9/10";
                    response.ContentLength64 = 5;
                    response.OutputStream.Write(new byte[5]);
                    break;
            }

            response.Close();
            return true;
        };
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage(message);
        Directory.Exists(Snapshot).Should().BeFalse();
        if (fault != "range") Partial().Should().BeNull("bytes of no use are not kept");
    }

    [Fact]
    public async Task The_token_stays_with_the_host_of_the_Hub()
    {
        using var other = new FakeHub();
        other.Fault = context =>
        {
            other.Send(context, weights);
            return true;
        };
        hub.Fault = context =>
        {
            if (!IsFor(context, Weights)) return false;
            FakeHub.Answer(context, 302, ("Location", $"{other.Address}blob"));
            return true;
        };
        await PullAsync();
        hub.Requests.Should().OnlyContain(request => request.Authorization == $"Bearer {Token}");
        other.Requests.Should().ContainSingle().Which.Authorization.Should().BeNull();
    }

    [Theory]
    [InlineData("file:///etc/passwd", "*from http to file*")]
    [InlineData("/org/model/resolve/again", "*redirects more than 8 times*")]
    [InlineData(null, "*redirects to nowhere*")]
    public async Task A_redirect_that_leads_nowhere_good_is_refused(string? target, string message)
    {
        hub.Fault = context =>
        {
            if (context.Request.Url!.AbsolutePath.StartsWith("/api", StringComparison.Ordinal)) return false;
            FakeHub.Answer(context, 302, target is null ? [] : [("Location", target)]);
            return true;
        };
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage(message);
    }

    [Theory]
    [InlineData(401, null, "*private or gated*HF_TOKEN*")]
    [InlineData(403, Token, "*The token may not read it*")]
    [InlineData(404, Token, "*no such model, revision or file*")]
    [InlineData(410, Token, "*answers 410*")]
    public async Task A_refusal_says_what_to_do(int status, string? token, string message)
    {
        hub.Fault = context =>
        {
            FakeHub.Answer(context, status);
            return true;
        };
        var pull = () => PullAsync(options => options with { Token = token });
        (await pull.Should().ThrowAsync<ModelPullException>().WithMessage(message)).Which.Message.Should().NotContain(Token);
        hub.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_says()
    {
        var busy = 0;
        hub.Fault = context =>
        {
            if (busy++ > 1) return false;
            FakeHub.Answer(context, busy == 1 ? 429 : 503, ("Retry-After", "0"));
            return true;
        };
        await PullAsync();
        busy.Should().BeGreaterThan(2);
    }

    [Fact]
    public async Task A_server_that_stays_busy_is_given_up()
    {
        hub.Fault = context =>
        {
            FakeHub.Answer(context, 503, ("Retry-After", "0"));
            return true;
        };
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage("*answers 503, 5 times*");

        hub.Fault = context =>
        {
            FakeHub.Answer(context, 429, ("Retry-After", "3600"));
            return true;
        };
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage("*answers 429, and asks to wait 3600 s*");
    }

    [Theory]
    [InlineData("../../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("C:\\x.json")]
    [InlineData("a//b.json")]
    [InlineData("a/./b.json")]
    [InlineData("line\nbreak.json")]
    public async Task A_list_with_a_name_that_could_leave_the_folder_is_refused(string name)
    {
        hub.Listing = list => list["siblings"]!.AsArray().Add(new JsonObject { ["rfilename"] = name, ["size"] = 1, ["blobId"] = new string('a', 40) });
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage("*rfilename*expected a path inside the repository*");
        Directory.GetFileSystemEntries(cache.Path).Should().BeEmpty();
    }

    [Theory]
    [InlineData("sha", "\"main\"", "*sha is \"main\"*40 hexadecimal*")]
    [InlineData("siblings", "7", "*siblings is 7; expected an array of files*")]
    [InlineData("siblings", "[{\"rfilename\":\"config.json\",\"size\":-1,\"blobId\":\"0123456789abcdef0123456789abcdef01234567\"}]", "*size is -1*")]
    [InlineData("siblings", "[{\"rfilename\":\"config.json\",\"size\":1,\"blobId\":\"../../x\"}]", "*blobId*hexadecimal*")]
    [InlineData("siblings", "[{\"rfilename\":\"config.json\",\"lfs\":{\"sha256\":\"..\",\"size\":1}}]", "*lfs.sha256*hexadecimal*")]
    public async Task A_hostile_list_is_refused(string field, string json, string message)
    {
        hub.Listing = list => list[field] = JsonNode.Parse(json);
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage(message);
    }

    [Fact]
    public async Task A_list_of_very_many_files_and_one_without_end_are_refused()
    {
        hub.Listing = list => list["siblings"] = new JsonArray([.. Enumerable.Range(0, 100_001).Select(i => (JsonNode)new JsonObject { ["rfilename"] = $"f{i}" })]);
        var many = () => PullAsync();
        await many.Should().ThrowAsync<ModelPullException>().WithMessage("*at most 100000 files*");
        hub.Listing = list => list["more"] = new string('a', HubListing.LongestJson);
        await many.Should().ThrowAsync<ModelPullException>().WithMessage("*more than 16777216 bytes*");
    }

    [Fact]
    public async Task Sizes_beyond_the_disk_are_refused_before_the_first_byte()
    {
        hub.Listing = list =>
        {
            foreach (var file in list["siblings"]!.AsArray().Where(file => (string?)file!["rfilename"] == Weights)) file!["lfs"]!["size"] = 1L << 60;
        };
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage("The model needs 1152921504606846976 bytes more*");
        hub.CountOf(Weights).Should().Be(0);
    }

    [Fact]
    public async Task Shards_are_those_of_the_index()
    {
        hub.Files.Remove(Weights);
        hub.Files["model-00001-of-00001.safetensors"] = weights;
        hub.Files["consolidated.safetensors"] = [1];
        hub.Files["model.safetensors.index.json"] = System.Text.Encoding.UTF8.GetBytes(new JsonObject
        {
            ["weight_map"] = new JsonObject(TensorNames().Select(name => KeyValuePair.Create(name, (JsonNode?)"model-00001-of-00001.safetensors"))),
        }.ToJsonString());
        var pulled = await PullAsync();
        Directory.GetFiles(pulled.Path, "*.safetensors").Should().ContainSingle();
        using (Checkpoint.Open(pulled.Path)) { }

        hub.Files["model.safetensors.index.json"] = """{"weight_map":{"a":"model-00002-of-00002.safetensors"}}"""u8.ToArray();
        var missing = () => PullAsync();
        await missing.Should().ThrowAsync<ModelPullException>().WithMessage("*names 'model-00002-of-00002.safetensors', which the repository does not have*");
    }

    [Fact]
    public async Task Pickles_are_refused_by_name()
    {
        hub.Files.Remove(Weights);
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage("*'pytorch_model.bin' is a pickle, which is not pulled because reading it can run code*");
        hub.CountOf("pytorch_model.bin").Should().Be(0);
    }

    [Fact]
    public async Task Of_GGUF_files_one_is_chosen_by_name()
    {
        hub.Files.Clear();
        hub.Files["model-Q4_K_M.gguf"] = [1, 2];
        hub.Files["model-Q8_0-00001-of-00002.gguf"] = [3];
        hub.Files["model-Q8_0-00002-of-00002.gguf"] = [4];
        hub.Files["model-Q8_0-00001-of-00002.gguf.helios.json"] = [5];
        var pull = () => PullAsync();
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage("*several GGUF files; choose one of: model-Q4_K_M.gguf, model-Q8_0-00001-of-00002.gguf.");
        pull = () => PullAsync(options => options with { File = "Q5" });
        await pull.Should().ThrowAsync<ModelPullException>().WithMessage("*no GGUF files 'Q5'; choose one of*");

        var split = await PullAsync(options => options with { File = "q8_0" });
        split.Path.Should().Be(Path.Combine(Snapshot, "model-Q8_0-00001-of-00002.gguf"));
        split.Files.Should().Be(3);
        new HubCache(cache.Path).Find("org/model").Should().Be(split.Path);
        hub.CountOf("model-Q4_K_M.gguf").Should().Be(0);
    }

    [Fact]
    public async Task An_engine_finds_a_model_by_its_id_once_it_was_pulled()
    {
        var id = $"org{Guid.NewGuid():N}/model";
        var build = () => TestEngine.Build(builder => builder.AddModel(id).ServeFixed());
        build.Should().Throw<Exception>().Which.ToString().Should().Contain($"helios pull {id}");

        await PullAsync();
        Directory.Move(Path.Combine(cache.Path, "models--org--model"), Path.Combine(cache.Path, HubId.TryParse(id)!.CacheFolder));
        var before = Environment.GetEnvironmentVariable("HF_HUB_CACHE");
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", cache.Path);
        try
        {
            await using var engine = build();
            var answer = await engine.AskAsync(GenerationRequest.FromText("Tom") with { MaxTokens = 2 });
            answer.TokenIds.Should().HaveCount(2);
            answer.Point!.Target.Model.Should().Be("model");
        }
        finally
        {
            Environment.SetEnvironmentVariable("HF_HUB_CACHE", before);
        }
    }

    [Fact]
    public async Task Progress_rises_to_all_bytes()
    {
        var reports = new List<PullProgress>();
        var pulled = await PullAsync(progress: new Direct(reports.Add));
        reports.Select(report => report.Bytes).Should().BeInAscendingOrder();
        reports[^1].Bytes.Should().Be(pulled.Bytes);
        reports[^1].TotalBytes.Should().Be(pulled.Bytes);
    }

    [Fact]
    public void An_environment_is_read_as_Hugging_Face_reads_it()
    {
        static HubEnvironment With(params (string Name, string Value)[] set) => new(name => set.FirstOrDefault(pair => pair.Name == name).Value);
        With().Endpoint.Should().Be("https://huggingface.co");
        With(("HF_ENDPOINT", "http://mirror")).Endpoint.Should().Be("http://mirror");
        With(("HF_HOME", "/h")).CacheFolder.Should().Be(Path.Combine("/h", "hub"));
        With(("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c")).CacheFolder.Should().Be("/c");
        With(("XDG_CACHE_HOME", "/x")).CacheFolder.Should().Be(Path.Combine("/x", "huggingface", "hub"));
        With(("HF_TOKEN", " t ")).ReadToken().Should().Be("t");
        File.WriteAllText(cache["token"], "saved\n");
        With(("HF_HOME", cache.Path)).ReadToken().Should().Be("saved");
        With(("HF_HOME", cache["none"])).ReadToken().Should().BeNull();
    }

    [Theory]
    [InlineData("org/model", "org/model", null)]
    [InlineData("gpt2", "gpt2", null)]
    [InlineData("org/model@refs/pr/1", "org/model", "refs/pr/1")]
    [InlineData("../model", null, null)]
    [InlineData("org/..", null, null)]
    [InlineData("org/model@../../x", null, null)]
    [InlineData("a/b/c", null, null)]
    [InlineData("org/na--me", null, null)]
    [InlineData("org/model\n", null, null)]
    public void An_id_has_parts_that_are_safe_in_paths(string text, string? name, string? revision) =>
        HubId.TryParse(text).Should().Be(name is null ? null : new HubId(name, revision));

    private static bool IsFor(HttpListenerContext context, string file) => context.Request.Url!.AbsolutePath.EndsWith($"/{file}", StringComparison.Ordinal);

    private static IEnumerable<string> TensorNames()
    {
        using var file = SafetensorsFile.Open(Path.Combine(TestData.Model("tiny-s"), Weights));
        return [.. file.Entries.Keys];
    }

    private FileInfo? Partial() => Directory.Exists(Blobs) && Directory.GetFiles(Blobs, "*.incomplete") is [var only] ? new FileInfo(only) : null;

    private Task<PulledModel> PullAsync(Func<PullOptions, PullOptions>? change = null, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var options = new PullOptions { Endpoint = hub.Endpoint, CacheFolder = cache.Path, Token = Token };
        return new HubPull(HubId.TryParse("org/model")!, change?.Invoke(options) ?? options, new HubEnvironment(static _ => null), progress, TimeProvider.System).RunAsync(cancellationToken);
    }

    private sealed class Direct(Action<PullProgress> take) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => take(value);
    }
}
