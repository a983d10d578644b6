using Helios.Cli.Files;

namespace Helios.Cli.Tests.Files;

public sealed class PoolFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Reads_budget_and_models()
    {
        Directory.CreateDirectory(Path.Combine(folder.Path, "a"));
        Directory.CreateDirectory(Path.Combine(folder.Path, "b"));
        var file = folder.Write("pool.json", """{ "memoryBudget": "48MiB", "models": [ { "name": "small", "path": "a" }, { "path": "b/" } ] }""");

        var pool = PoolFile.Read(file);

        pool.MemoryBudget.Should().Be(48 << 20);
        pool.Models.Should().Equal(
            new PoolFileModel("small", Path.Combine(folder.Path, "a")),
            new PoolFileModel("b", Path.Combine(folder.Path, "b/")));
    }

    [Fact]
    public void A_budget_may_be_a_number_or_missing()
    {
        PoolFile.Read(Pool("""{ "memoryBudget": 1000, "models": [ { "path": "." } ] }""")).MemoryBudget.Should().Be(1000);
        PoolFile.Read(Pool("""{ "models": [ { "path": "." } ] }""")).MemoryBudget.Should().BeNull();
    }

    [Fact]
    public void A_byte_order_mark_is_no_fault() =>
        PoolFile.Read(Pool("""{ "memoryBudget": 1000, "models": [ { "path": "." } ] }""".Insert(0, "\uFEFF"))).MemoryBudget.Should().Be(1000);

    [Theory]
    [InlineData("[]", "pool.json: is [];")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{ "models": [ { "\udc00": "a" } ] }""", "the file holds text that is not valid Unicode")]
    [InlineData("""{ "models": [ { "name": "a", "path": NaN } ] }""", "not valid JSON, at 'models.path' (")]
    [InlineData("""{ "models": [ { "name": "a" } ], "memoryBudget": -Infinity }""", "not valid JSON, at 'memoryBudget' (")]
    [InlineData("""{ "models": [] , "models": [] }""", "not valid JSON")]
    [InlineData("""{ "memoryBudget": "1MiB" }""", "models is missing")]
    [InlineData("""{ "models": [] }""", "models is []; expected a list of at least one model")]
    [InlineData("""{ "models": {} }""", "models is {}")]
    [InlineData("""{ "models": [ "a" ] }""", "models[0] is \"a\"; expected an object")]
    [InlineData("""{ "models": [ { "path": "." } ], "budget": 1 }""", "budget is not known")]
    [InlineData("""{ "models": [ { "path": ".", "precision": "bf16" } ] }""", "models[0].precision is not known")]
    [InlineData("""{ "models": [ { "name": "a" } ] }""", "models[0].path is missing")]
    [InlineData("""{ "models": [ { "path": ".", "name": "" } ] }""", "models[0].name is \"\"")]
    [InlineData("""{ "models": [ { "path": ".", "name": "a" }, { "path": ".", "name": "a" } ] }""", "models[1].name is 'a', as is models[0].name")]
    [InlineData("""{ "models": [ { "path": "nowhere" } ] }""", "models[0].path is 'nowhere', which is neither a folder nor a GGUF file")]
    [InlineData("""{ "models": [ { "path": "." } ], "memoryBudget": "lots" }""", "memoryBudget is \"lots\"")]
    [InlineData("""{ "models": [ { "path": "." } ], "memoryBudget": 0 }""", "memoryBudget is 0")]
    [InlineData("""{ "models": [ { "path": "." } ], "memoryBudget": null }""", "memoryBudget is null")]
    public void Names_file_and_field_of_what_is_wrong(string json, string expected)
    {
        var read = () => PoolFile.Read(Pool(json));
        read.Should().Throw<FileException>().Which.Message.Should().StartWith(folder.Path).And.Contain("pool.json:").And.Contain(expected);
    }

    [Fact]
    public void Says_what_a_path_is_instead_of_a_folder()
    {
        folder.Write("model.bin", "weights");
        var file = () => PoolFile.Read(Pool("""{ "models": [ { "path": "model.bin" } ] }"""));
        file.Should().Throw<FileException>().WithMessage("*models[0].path is 'model.bin'*is a file, expected the folder*");

        var hub = () => PoolFile.Read(Pool("""{ "models": [ { "path": "some-org/some-model" } ] }"""));
        hub.Should().Throw<FileException>().WithMessage("*models[0].path*helios pull some-org/some-model*");
    }

    [Fact]
    public void A_GGUF_file_is_a_model_by_its_name()
    {
        folder.Write("tiny.Q4_1.gguf", "GGUF");
        var pool = PoolFile.Read(Pool("""{ "models": [ { "path": "tiny.Q4_1.gguf" } ] }"""));
        pool.Models.Should().Equal(new PoolFileModel("tiny.Q4_1", Path.Combine(folder.Path, "tiny.Q4_1.gguf")));
    }

    private string Pool(string json) => folder.Write("pool.json", json);
}
