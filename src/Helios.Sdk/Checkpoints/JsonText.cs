using System.Text.Json;

namespace Helios.Sdk.Checkpoints;

/// <summary>JSON as files hold it: UTF-8, behind a byte order mark where an editor put one.</summary>
internal static class JsonText
{
    private static ReadOnlySpan<byte> Mark => "\uFEFF"u8;

    /// <summary>The text without its byte order mark.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> utf8) => utf8.Span.StartsWith(Mark) ? utf8[Mark.Length..] : utf8;

    /// <inheritdoc cref="WithoutMark(ReadOnlyMemory{byte})"/>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> utf8) => utf8.StartsWith(Mark) ? utf8[Mark.Length..] : utf8;

    /// <summary>Parses what a file holds; the document must be disposed.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options) => JsonDocument.Parse(WithoutMark(utf8), options);
}
