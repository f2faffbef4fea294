import ArgumentParser
import Hummingbird
import JWTKit
import ServiceLifecycle
@main struct Main { static func main() {} }
